import type { ProviderRuntime } from '@bot-bottle/providers';
import { BackendError } from '../errors.ts';
import type { RunMode } from './bottle-plan.ts';

export interface MainProcess {
  readonly argv: readonly string[];
  readonly stdin: string | null;
}

export interface MainOptions {
  readonly extraArgs: readonly string[];
  readonly remoteControl: boolean;
  readonly resume: boolean;
}

/**
 * What the bottle runs. Arguments of the operator come before those of a headless run, whose prompt is always last.
 *
 * @throws BackendError `invalid_request`
 */
export function mainProcess(runtime: ProviderRuntime, mode: RunMode, options: MainOptions): MainProcess {
  if (mode.kind === 'command') {
    if (mode.argv.length === 0) throw new BackendError('invalid_request', 'no command is given after --');
    return { argv: mode.argv, stdin: null };
  }
  const base = [
    ...runtime.command,
    ...runtime.bypassArgs,
    ...(runtime.promptArgs ?? []),
    ...(options.resume && mode.kind === 'interactive' ? runtime.resumeArgs : []),
    ...(options.remoteControl ? remoteControlArgs(runtime) : []),
    ...options.extraArgs,
  ];
  switch (mode.kind) {
    case 'interactive':
      return { argv: base, stdin: null };
    case 'headless': {
      const { args, stdin } = runtime.headlessArgs(mode.prompt, options);
      return { argv: [...base, ...args], stdin };
    }
    default: {
      const never: never = mode;
      throw new TypeError(`unknown mode ${String(never)}`);
    }
  }
}

function remoteControlArgs(runtime: ProviderRuntime): readonly string[] {
  const refusal = runtime.remoteControlRefusal ?? null;
  if (refusal !== null)
    throw new BackendError('invalid_request', refusal, { hint: 'leave out --remote-control' });
  if (runtime.remoteControlArgs.length === 0) {
    throw new BackendError('invalid_request', 'this provider cannot be remote-controlled', {
      hint: 'leave out --remote-control',
    });
  }
  return runtime.remoteControlArgs;
}
