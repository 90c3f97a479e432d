// Loaded only when there are settings. A module of our own, because a bundler that splits code gives a dynamic import
// of a CommonJS package its default export only.
export { isNode, LineCounter, parseDocument } from 'yaml';
