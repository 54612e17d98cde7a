/** How fast to send: `perSecond` of `unit`; bits are those of the IP packets. */
export interface RateWish {
  readonly perSecond: number;
  readonly unit: 'datagrams' | 'fragments' | 'bits';
}
