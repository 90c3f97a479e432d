/** One way in which a text tries to give orders to an agent that reads it, as data. */
export interface InjectionRule {
  /** kebab-case, stable; a finding's rule is `prompt_injection/<id>` */
  readonly id: string;
  readonly severity: 'low' | 'medium';
  /** seven characters or more, lower case: one of them stands in every match */
  readonly anchors: readonly string[];
  /** tried on some hundred characters around an anchor, in lower case and with single spaces */
  readonly pattern: RegExp;
}

const agents =
  '(?:ai|llm|language model|claude|codex|chatgpt|gpt|copilot|gemini|coding agent|coding assistant)s?(?: (?:agent|assistant|model|system|reader|bot)s?)?';

/**
 * The phrases of published attacks. Every rule finds its kind of phrase in good faith only: who writes otherwise is not
 * found, and a text about such attacks is.
 *
 * Sources: https://genai.owasp.org/llmrisk/llm01-prompt-injection/, https://arxiv.org/abs/2302.12173
 */
export const injectionRules: readonly InjectionRule[] = [
  {
    id: 'ignore-instructions',
    severity: 'medium',
    anchors: [
      'instruct',
      'guideline',
      'directive',
      'restriction',
      'previous',
      'preceding',
      'disregard',
      'override',
      'system prompt',
      'prior rules',
      'prior prompt',
      'your rules',
      'safety rules',
    ],
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)(?: \w+){0,4} (?:previous|prior|above|earlier|preceding|existing|original|initial|system|safety|all|your)(?: \w+){0,3} (?:instructions?|prompts?|rules?|guidelines?|directives?|commands?|restrictions?|messages?)\b/,
  },
  {
    id: 'new-instructions',
    severity: 'medium',
    anchors: ['new instruct', 'new task', 'new objective', 'new goal', 'new system', 'new prompt'],
    pattern:
      /\b(?:your|follow|obey)(?: \w+){0,3} new (?:\w+ )?(?:instructions?|task|objective|goal|prompt)\b|\bnew (?:system )?(?:prompt|instructions?) ?:/,
  },
  {
    id: 'role-marker',
    severity: 'medium',
    anchors: [
      '<|im_start',
      '<|start_header',
      '<|system',
      '<|begin_of_text',
      '<|endoftext',
      '<system>',
      '</system',
      '<system-',
      '<system_',
      '<<sys>>',
      '[system]',
      '[/inst]',
    ],
    pattern:
      /<\|(?:im_start|start_header_id|system|begin_of_text|endoftext)\|>|\[\/inst\]|<<sys>>|<\/?system(?:[_-](?:prompt|message|reminder|instructions?))?>|\[system\] ?(?:\(#|:)/,
  },
  {
    id: 'addressed-to-agent',
    severity: 'medium',
    anchors: [
      'if you are',
      'ai agent',
      'ai assistant',
      'ai model',
      'ai reader',
      'llm agent',
      'language model',
      'coding agent',
      'coding assistant',
      'attention',
      'instructions for',
      'instructions to',
      'message for',
      'message to',
    ],
    pattern: new RegExp(
      [
        `\\bif you are (?:an? )?(?:autonomous |large )?${agents}\\b`,
        `\\b${agents}(?: \\w+){0,4} (?:must|should|need to|have to|are required to|are instructed to)(?: \\w+){0,4} (?:run|execute|send|post|upload|read|open|fetch|visit|include|ignore|delete|install|print|reveal|output|add)\\b`,
        `\\b(?:attention|instructions?|message)(?: (?:to|for))?,? (?:any |all |the |every )?${agents}\\b`,
      ].join('|'),
    ),
  },
  {
    id: 'hide-from-user',
    severity: 'medium',
    anchors: ['user', 'human', 'operator', 'developer'].flatMap((who) => [`the ${who}`, `your ${who}`]),
    pattern:
      /\b(?:do not|don't|never)(?: \w+){0,2} (?:tell|inform|mention|reveal|notify|alert|disclose)(?: \w+){0,5} (?:the|your) (?:user|human|operator|developer)\b|\bwithout (?:telling|informing|notifying|alerting) (?:the|your) (?:user|human|operator|developer)\b/,
  },
  {
    id: 'exfiltrate',
    severity: 'medium',
    anchors: [
      'api key',
      'api_key',
      'api-key',
      'access token',
      'credential',
      'password',
      'environment var',
      'env var',
      'private key',
      'ssh key',
      'exfiltrat',
      'secrets to',
      'secret to',
    ],
    pattern:
      /\b(?:send|post|upload|exfiltrate|forward|transmit|leak|submit|e-?mail)(?: \S+){0,8} (?:api[ _-]keys?|access tokens?|secrets?|credentials?|passwords?|environment variables?|env vars?|private keys?|ssh keys?)(?: \S+){0,6} (?:to|at|via) (?:https?:|the (?:url|server|endpoint|address|webhook|following))/,
  },
  {
    id: 'reveal-prompt',
    severity: 'low',
    anchors: ['system prompt', 'initial instruct', 'hidden instruct', 'prompt verbatim'],
    pattern:
      /\b(?:reveal|print|output|repeat|show|display|leak)(?: \w+){0,3} (?:system prompt|initial instructions?|hidden instructions?|prompt verbatim)\b/,
  },
  {
    id: 'persona',
    severity: 'low',
    anchors: [
      'you are now',
      'developer mode',
      'god mode',
      'jailbreak mode',
      'unrestricted',
      'no longer bound',
    ],
    pattern:
      /\byou are now (?:in |an? )?(?:\w+ ){0,2}(?:dan|developer mode|unrestricted|jailbroken|no longer bound)\b|\b(?:enter|enable|activate) (?:developer|god|jailbreak) mode\b/,
  },
];
