/** Options that had another name once, and what does it now: one thing has one name in all commands. */
export const RENAMED: Readonly<Record<string, string>> = {
  ethernet: '--source-mac and --destination-mac',
  write: '--pcap',
};
