/** Opens the page, and shows how many mails it has under its first label. */

chrome.action.onClicked.addListener(() => chrome.tabs.create({ url: 'inbox.html' }));
chrome.runtime.onMessage.addListener(({ count }) => { chrome.action.setBadgeText({ text: count ? String(count) : '' }); });
