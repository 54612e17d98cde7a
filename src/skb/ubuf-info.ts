/** `callback(ubuf, success)`: true where the pages went out as they are, false where they were copied or never went. */
export type UbufCallback = (ubuf: UbufInfo, success: boolean) => void;

/**
 * Tells the owner of user pages that they may be used again (the kernel's ubuf_info). `callback` runs exactly once, when
 * the last reference goes; it runs in the middle of a release, so it must not throw and should only settle a promise or
 * queue work. `success` is the worst news of all who held it.
 */
export class UbufInfo {
  readonly callback: UbufCallback;
  /** For the callback: whose pages these are. */
  readonly ctx: unknown;
  /** For the callback: which of them, a number of the owner's choice. */
  readonly desc: number;
  refcnt = 1;
  /** Becomes false as soon as anybody had to copy the pages or failed to send them. */
  zerocopy = true;

  constructor(callback: UbufCallback, ctx: unknown = null, desc = 0) {
    this.callback = callback;
    this.ctx = ctx;
    this.desc = desc;
  }
}

/** One more holder: a second skb over the same buffers, or a device that keeps them past the skb. */
export function ubufGet(ubuf: UbufInfo): UbufInfo {
  if (ubuf.refcnt <= 0) throw new Error('ubuf held again after its completion');
  ubuf.refcnt += 1;
  return ubuf;
}

/** Drops one reference; the last one runs the callback. */
export function ubufPut(ubuf: UbufInfo, success: boolean): void {
  if (ubuf.refcnt <= 0) throw new Error('ubuf completed twice');
  if (!success) ubuf.zerocopy = false;
  ubuf.refcnt -= 1;
  if (ubuf.refcnt === 0) ubuf.callback(ubuf, ubuf.zerocopy);
}
