/**
 * Texts that show what a task can do. Of the shipped model's, mixed feelings come first, because there the threshold
 * matters. `[MASK]` stands for the mask of the model in use.
 */

/** @typedef {{name: string, text: string, second?: string}} Example */

/** @type {Record<import('../lib/index.js').TaskName, readonly Example[]>} */
export const EXAMPLES = {
  'text-classification': [
    { name: 'Mixed feelings', text: 'I was scared at first, but now I love it. Thank you!' },
    { name: 'Praise', text: 'Congratulations! You worked so hard for this and I love how it turned out.' },
    { name: 'Complaint', text: 'I am furious. I paid for three weeks of this and nobody even answers the phone.' },
    { name: 'Goodbye', text: 'She left this morning. The house is so quiet and I miss her already.' },
    { name: 'A joke', text: 'That joke was hilarious, but I feel sorry for the dog.' },
    { name: 'A question', text: 'Wait, how does this even work without a server?' },
  ],
  'zero-shot-classification': [
    {
      name: 'Night train', text: 'The night train to Lisbon leaves at nine, and I still have not packed.',
      second: 'travel\ncooking\npolitics\nsport\ntechnology',
    },
    {
      name: 'Recipe', text: 'Fold in the egg whites slowly, or the batter loses its air.',
      second: 'travel\ncooking\npolitics\nsport\ntechnology',
    },
    {
      name: 'Support', text: 'Since the update my screen stays black, and I need it for a talk in an hour.',
      second: 'urgent\nnot urgent\nhardware\nbilling',
    },
  ],
  'token-classification': [
    { name: 'Biography', text: 'Ada Lovelace met Charles Babbage in London in 1833. Her notes on his Analytical Engine hold the first published program.' },
    { name: 'News', text: 'Siemens opens a plant in Porto next spring, said Maria Almeida on Tuesday.' },
    { name: 'A message', text: 'Hi, I am Jonas Weber, I moved to 14 Elm Street in Boston. Write to jonas.weber@example.org or call 617-555-0142.' },
  ],
  'question-answering': [
    {
      name: 'Rainforest', second: 'Which country holds most of the forest?',
      text: 'The Amazon rainforest covers about 5.5 million square kilometres. Most of it, 60 percent, lies in Brazil, followed by Peru with 13 percent and Colombia with 10 percent.',
    },
    {
      name: 'Manual', second: 'How often should I descale it?',
      text: 'Fill the tank with cold water only. Descale the machine every three months, or every month where water is hard. Never put the lid into a dishwasher.',
    },
    {
      name: 'Not in the text', second: 'Who invented it?',
      text: 'The tram line opened in 1902. It runs from the harbour to the old mill and takes eleven minutes.',
    },
  ],
  'fill-mask': [
    { name: 'A fact', text: 'Paris is the [MASK] of France.' },
    { name: 'A reason', text: 'She opened the window because it was too [MASK] in the room.' },
    { name: 'Two gaps', text: 'The [MASK] barked at the [MASK] until it climbed a tree.' },
  ],
  'text-ranking': [
    {
      name: 'Bread', text: 'How do I keep bread fresh?',
      second: 'Bread is made of flour, water, salt and yeast.\nA loaf stays soft for days in a linen bag, cut side down.\nFresh flowers last longer in cool water.\nSliced bread can be frozen for months and toasted straight away.',
    },
    {
      name: 'Tides', text: 'why are there two tides a day',
      second: 'The moon pulls the sea on the near side most and on the far side least, so water rises on both.\nHigh tide is at four this afternoon.\nThe moon shines because it reflects sunlight.',
    },
  ],
  'multiple-choice': [
    {
      name: 'Tea', text: 'She put the kettle on and took two cups from the shelf.',
      second: 'She poured the tea.\nShe climbed onto the roof.\nThe cups read the newspaper.\nThe train left without her.',
    },
    {
      name: 'A question', text: 'Where do you put milk so that it stays fresh?',
      second: 'In the refrigerator.\nOn the radiator.\nIn the bookcase.',
    },
  ],
  'feature-extraction': [
    {
      name: 'Guitar', text: 'A man is playing the guitar.',
      second: 'Someone makes music on a stringed instrument.\nA man is eating a sandwich.\nThe guitar was sold yesterday.\nShares fell for the third day.',
    },
    {
      name: 'Return', text: 'How can I send a parcel back?',
      second: 'What is your return policy?\nWhere is my order?\nDo you sell gift cards?',
    },
  ],
};
