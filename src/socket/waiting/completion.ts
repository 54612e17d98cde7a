import { UbufInfo } from '../../skb/ubuf-info.js';

/** A completion as a promise: it resolves when the pages may be used again, and never rejects. */
export interface Completion {
  readonly ubuf: UbufInfo;
  readonly done: Promise<{ readonly zerocopy: boolean }>;
}

export function completion(): Completion {
  let resolve: (value: { zerocopy: boolean }) => void;
  const done = new Promise<{ zerocopy: boolean }>((settle) => {
    resolve = settle;
  });
  return { ubuf: new UbufInfo((_, zerocopy) => resolve({ zerocopy })), done };
}
