// Loaded only when a host is asked. A module of our own, because a bundler that splits code gives a dynamic import of a
// CommonJS package its default export only.
import ssh2 from 'ssh2';

export const { Client } = ssh2;
export const { parseKey } = ssh2.utils;
