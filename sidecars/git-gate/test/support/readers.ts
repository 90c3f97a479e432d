/** What reads bytes of clients and upstreams, for fuzz targets. */
export { parseRefs } from '../../src/mirror/parse-refs.ts';
export { parsePushReport, toForwardResult } from '../../src/mirror/push-report.ts';
export { CommandHead } from '../../src/push/command-head.ts';
export { parseCommands } from '../../src/push/parse-commands.ts';
