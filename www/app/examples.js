/**
 * Texts that show what the shipped model can do: mixed feelings first, because there the threshold matters.
 */

/** @type {readonly {name: string, text: string}[]} */
export const EXAMPLES = [
  { name: 'Mixed feelings', text: 'I was scared at first, but now I love it. Thank you!' },
  { name: 'Praise', text: 'Congratulations! You worked so hard for this and I love how it turned out.' },
  { name: 'Complaint', text: 'I am furious. I paid for three weeks of this and nobody even answers the phone.' },
  { name: 'Goodbye', text: 'She left this morning. The house is so quiet and I miss her already.' },
  { name: 'A joke', text: 'That joke was hilarious, but I feel sorry for the dog.' },
  { name: 'A question', text: 'Wait, how does this even work without a server?' },
];
