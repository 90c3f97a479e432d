export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: ReadonlyArray<{ readonly name: string; readonly description: string }>;
  /** fixed first arguments */
  readonly words: readonly string[];
  /** what the hidden `__names` command is asked for, null: nothing */
  readonly names: 'agents' | 'active' | 'proposals' | 'preserved' | null;
}

const wordsOf = ({ words, names, options }: CompletedCommand, call: string): string =>
  [
    ...words,
    ...(names === null ? [] : [`${call} ${names} 2>/dev/null)`]),
    ...options.map(({ name }) => name),
  ].join(' ');

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    (each) => `    ${each.name}) words="${wordsOf(each, '$(bot-bottle __names')}" ;;`,
  );
  return `# bash completion of bot-bottle
_bot_bottle() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words="" each
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [ "$each" = -- ] && { COMPREPLY=($(compgen -c -- "$cur")); return; }
  done
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  [ "$COMP_CWORD" -le 1 ] && words="${commands.map(({ name }) => name).join(' ')} --help --version --quiet --verbose"
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _bot_bottle bot-bottle
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`);
  const cases = commands.map(({ name, names, words, options }) => {
    const found = names === null ? [] : [`\${(f)"$(bot-bottle __names ${names} 2>/dev/null)"}`];
    return `    ${name}) compadd -- ${[...words, ...found, ...options.map((option) => option.name)].join(' ')} ;;`;
  });
  return `#compdef bot-bottle
_bot_bottle() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
  esac
}
compdef _bot_bottle bot-bottle
`;
}

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, options, words, names }) => {
    const when = quoted(`__fish_seen_subcommand_from ${name}`);
    const first = [...words, ...(names === null ? [] : [`(bot-bottle __names ${names} 2>/dev/null)`])].join(
      ' ',
    );
    return [
      `complete -c bot-bottle -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...(first === '' ? [] : [`complete -c bot-bottle -f -n ${when} -a ${quoted(first)}`]),
      ...options.map(
        (option) =>
          `complete -c bot-bottle -n ${when} -l ${option.name.slice(2)} -d ${quoted(option.description)}`,
      ),
    ];
  });
  return `# fish completion of bot-bottle\n${lines.join('\n')}\n`;
}
