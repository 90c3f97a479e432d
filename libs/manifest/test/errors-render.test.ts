import { ManifestError, ManifestErrors, parseBottle, renderManifestError } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';
import { catchErrors } from './support/catch-errors.ts';

const parse = (yaml: string) => catchErrors(() => parseBottle(`---\n${yaml}\n---\n`, 'bottles/dev.md'));

describe('errors', () => {
  it('render as file:line:column: path: message (hint)', async () => {
    const { errors } = await parse('egress:\n  guard: pipelok');
    expect(errors.map(renderManifestError)).toEqual([
      'bottles/dev.md:3:10: egress.guard: must be one of `builtin`, `pipelock` (did you mean `pipelock`?)',
    ]);
  });

  it('are all reported together, in the order of the file', async () => {
    const { errors, message } = await parse('supervise: 1\nenv: []\nresources: {cpus: x, pids: y}');
    expect(errors.map(({ line, path }) => [line, path])).toEqual([
      [2, 'supervise'],
      [3, 'env'],
      [4, 'resources.cpus'],
      [4, 'resources.pids'],
    ]);
    expect(message.split('\n')).toHaveLength(4);
  });

  it('carry the brand of errors that a person can fix', async () => {
    const errors = await parse('nope: 1');
    expect(Reflect.get(errors, Symbol.for('bot-bottle.user-error'))).toBe(true);
    expect(Reflect.get(errors.errors[0] ?? {}, Symbol.for('bot-bottle.user-error'))).toBe(true);
    expect(ManifestErrors.isInstance(errors)).toBe(true);
    expect(ManifestError.isInstance(errors)).toBe(false);
  });

  it('name the entity when there is no file', () => {
    const error = new ManifestError({
      code: 'conflict',
      message: 'no',
      hint: null,
      file: null,
      entity: 'agent x',
      path: '',
      line: null,
      column: null,
    });
    expect(renderManifestError(error)).toBe('agent x: no');
  });

  it('do not grow without end in a hostile file', async () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `key${index}: 1`).join('\n');
    expect((await parse(keys)).errors).toHaveLength(100);
  });

  it('show of a key only what looks like a name', async () => {
    const { message } = await parse('env: {TOKEN:hunter2}\n"\\e[2Jevil": 1');
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('\u001b');
    expect(message).toContain('env["TOKEN…"]');
  });
});
