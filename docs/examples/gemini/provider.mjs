// A provider for Gemini CLI (npm: @google/gemini-cli), which bot-bottle does not know.
// Put this folder into ~/.bot-bottle/contrib/, export GEMINI_API_KEY, and name it in a bottle:
//
//   agent_provider: { template: gemini }
//
// The key stays on the host: the bottle gets a placeholder, egress adds the key to requests to Google's API.
import { defineProvider } from '@bot-bottle/providers';

const settings = {
  security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
  general: { enableAutoUpdate: false, disableAutoUpdate: true },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
};

export default defineProvider({
  name: 'gemini',
  skillsDir: '.gemini/skills',
  runtime: () => ({
    command: ['gemini'],
    bypassArgs: ['--yolo'],
    resumeArgs: ['--resume', 'latest'],
    headlessArgs: (prompt, { resume }) => ({
      args: [...(resume ? ['--resume', 'latest'] : []), '--prompt', prompt],
      stdin: null,
    }),
  }),
  plan: ({ guestHome, prompt }) => ({
    env: { GEMINI_API_KEY: 'egress-placeholder' },
    hiddenEnvNames: ['GEMINI_API_KEY'],
    dirs: [{ path: `${guestHome}/.gemini` }],
    files: [
      { path: `${guestHome}/.gemini/settings.json`, source: { content: JSON.stringify(settings) } },
      { path: `${guestHome}/.gemini/GEMINI.md`, source: { content: prompt } },
    ],
    egressRoutes: [
      {
        host: 'generativelanguage.googleapis.com',
        pathAllowlist: ['/v1beta/'],
        auth: { scheme: 'header', header: 'x-goog-api-key', tokenRef: 'GEMINI_API_KEY' },
      },
    ],
  }),
  superviseCommands: (url) => [
    {
      argv: ['gemini', 'mcp', 'add', '--scope', 'user', '--transport', 'http', 'supervise', url],
      failureMessage: 'the supervise tools could not be registered with Gemini CLI',
    },
  ],
});
