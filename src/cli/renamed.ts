/** Options that had another name once, and what does it now, where a command has that: one thing has one name in all commands. */
export const RENAMED: Readonly<Record<string, readonly string[]>> = {
  ethernet: ['source-mac', 'destination-mac'],
  write: ['pcap'],
};
