export { realRules } from './real-rules.ts';
