import type { ContentCheck } from '../path-rule.ts';
import { gitAttributesReasons } from './git-attributes-reasons.ts';
import { gitConfigReasons } from './git-config-reasons.ts';
import { composerReasons, packageReasons } from './package-reasons.ts';

/** Why the content of a file could execute something; [] when it does not. */
export const contentReasons: Readonly<Record<ContentCheck, (text: string) => readonly string[]>> = {
  'git-config': gitConfigReasons,
  'git-attributes': gitAttributesReasons,
  'git-todo': (text) =>
    /^\s*(?:x|exec)[ \t]/m.test(text) ? ['holds commands that git runs when the rebase goes on'] : [],
  'package-json': packageReasons,
  'composer-json': composerReasons,
  'cargo-manifest': (text) =>
    /^\s*["']?(?:build|proc-macro|proc_macro|links|workspace\.metadata)["']?\s*=|^\s*package\.build\s*=|proc[-_]macro/m.test(
      text,
    )
      ? ['has Rust code that runs when built, also by an editor']
      : [],
  'editor-settings': editorReasons,
};

/**
 * Keys whose values editors and their extensions run. What is not among them is told too, only with less: every
 * extension has settings of its own.
 */
const programKeys =
  /"([^"\n]{0,200}?(?:path|command|executable|interpreter|profiles?|shell|shellargs|args|env|task|tasks|server|binary|program|runtime|tsdk|script|hook|autorun|trust)[^"\n.]{0,40})"\s*:/gi;

function editorReasons(text: string): string[] {
  const plain = text.replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const keys = [...new Set([...plain.matchAll(programKeys)].map(([, key = '']) => key))].slice(0, 10);
  const named = keys.length === 0 ? '' : `: ${keys.join(', ')}`;
  return [`are editor settings, which can name programs that the editor runs${named}`];
}
