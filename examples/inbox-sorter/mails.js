/** Mails of a text: a mail or several one after the other (mbox), or what somebody pasted. */

/** As much of a mail as tells what it is about. */
const MOST = 1000;

/**
 * @param {string} text
 * @returns {{subject: string, text: string}[]} `text` is what a model is to read of it
 */
export function mailsOf(text) {
  return text.replaceAll('\r\n', '\n').split(/^From .*\n/m).map((mail) => mail.trim()).filter(Boolean).map((mail) => {
    const [head, ...rest] = mail.split('\n\n');
    // The lines of a header may go on, indented.
    const [, subject] = /^Subject:[ \t]*(.*(?:\n[ \t].*)*)/im.exec(head) ?? [];
    if (subject === undefined) return { subject: mail.slice(0, 80), text: mail.slice(0, MOST) };
    return { subject: subject.replaceAll(/\n\s+/g, ' '), text: `${subject}\n${rest.join('\n\n')}`.slice(0, MOST) };
  });
}
