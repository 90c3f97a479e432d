import type { RouteTable } from '@bot-bottle/egress';
import type { Proposal } from '../proposal.ts';
import { notificationOf } from './notification.ts';
import { NotifyLane } from './notify-lane.ts';
import { postWebhook } from './post-webhook.ts';
import { runCommand } from './run-command.ts';

export interface NotifierOptions {
  /** argv, run without a shell, with the notification as JSON on stdin; null: none */
  readonly command: readonly string[] | null;
  /** http or https URL that the notification is posted to; null: none */
  readonly webhook: string | null;
  /** Told of each notification that did not get through. */
  readonly onWarning: (message: string) => void;
  /** routes of the bottle at present, for the risks, without grants that have ended; absent: not known */
  readonly table?: () => RouteTable | null;
  /** environment that the few variables of the command are taken from, default that of this process */
  readonly environment?: NodeJS.ProcessEnv;
  /** milliseconds that one notification may take, default 10 000 */
  readonly timeoutMs?: number;
}

export interface Notifier {
  /** Tells of a new proposal by every way; returns at once and never throws. */
  notify(proposal: Proposal): void;
  /** Ends what is under way; nothing is sent any more. */
  close(): Promise<void>;
}

/** Tells the operator of new proposals, away from the terminal. Nothing waits for it; a failure is a warning. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { command, webhook, onWarning, table, environment = process.env, timeoutMs = 10_000 } = options;
  const common = { onWarning, timeoutMs };
  const lanes: NotifyLane[] = [];
  if (command !== null) {
    lanes.push(
      new NotifyLane({
        ...common,
        name: 'notify.command',
        send: (notification, signal) => runCommand(command, environment, notification, signal),
      }),
    );
  }
  if (webhook !== null) {
    lanes.push(
      new NotifyLane({
        ...common,
        name: 'notify.webhook',
        send: (notification, signal) => postWebhook(webhook, notification, signal),
      }),
    );
  }
  return {
    notify: (proposal) => {
      if (lanes.length === 0) return;
      const notification = notificationOf(proposal, table?.() ?? null);
      for (const lane of lanes) lane.push(notification);
    },
    close: async () => void (await Promise.all(lanes.map((lane) => lane.close()))),
  };
}
