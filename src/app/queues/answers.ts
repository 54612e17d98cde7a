import { UfoError } from '../../errors.js';
import type { QueueAnswer, QueueReport } from './protocol.js';

type Answer = Exclude<QueueAnswer, QueueReport>;

/** What answers an order, its failure apart. */
export type QueueReply = Exclude<Answer, { readonly type: 'failed' }>;

/** Answers as they come, for whoever asks for the next one; reports go to who wants them at once. */
export class Answers {
  readonly #onReport: (report: QueueReport) => void;
  readonly #come: Answer[] = [];
  #waiting: ((answer: Answer) => void) | null = null;

  constructor(onReport: (report: QueueReport) => void) {
    this.#onReport = onReport;
  }

  readonly take = (answer: QueueAnswer): void => {
    if (answer.type === 'report') {
      this.#onReport(answer);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#come.push(answer);
    else waiting(answer);
  };

  end(why: string): void {
    this.take({ type: 'failed', code: 'ERR_UFO_QUEUE', message: `a sender is gone: ${why}` });
  }

  async next(): Promise<QueueReply> {
    const answer =
      this.#come.shift() ??
      (await new Promise<Answer>((resolve) => {
        this.#waiting = resolve;
      }));
    if (answer.type !== 'failed') return answer;
    const error = new UfoError(answer.code, answer.message, answer.hint);
    if (answer.argument !== undefined) error.argument = answer.argument;
    throw error;
  }
}
