import { describe, expect, test } from 'vitest';
import { engineAddress } from '../src/engine/engine-address.ts';

describe('the address of an engine', () => {
  test.each([
    ['unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['tcp://engine.example', { kind: 'tcp', host: 'engine.example', port: 2375, tls: false }],
    ['engine.example:2375', { kind: 'tcp', host: 'engine.example', port: 2375, tls: false }],
    ['tcp://engine.example:2376', { kind: 'tcp', port: 2376, tls: true }],
    ['https://engine.example', { kind: 'tcp', port: 2376, tls: true }],
    ['tcp://[::1]:2375', { kind: 'tcp', host: '::1', port: 2375 }],
    ['ssh://me@engine.example', { kind: 'ssh', host: 'engine.example', port: 22, username: 'me' }],
    ['ssh://engine.example:2222', { kind: 'ssh', port: 2222, username: null }],
  ])('%s is understood', (text, expected) => {
    expect(engineAddress(text, false)).toMatchObject(expected);
  });

  test('DOCKER_TLS_VERIFY asks for TLS on any port', () => {
    expect(engineAddress('tcp://engine.example:9', true)).toMatchObject({ port: 9, tls: true });
  });

  test.each([
    ['unix://relative', /no absolute path/],
    ['ssh://me:secret@engine', /must not hold a password/],
    ['tcp://me@engine', /must not name a user/],
    ['ftp://engine', /unknown scheme/],
    ['tcp://', /cannot be read/],
    ['tcp://engine/path', /cannot be read/],
    ['tcp://engine:99999', /cannot be read/],
  ])('%s is refused', (text, message) => {
    expect(() => engineAddress(text, false)).toThrow(message);
    expect(() => engineAddress(text, false)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    );
  });
});
