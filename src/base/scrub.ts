/** What stands where a secret stood. */
const REPLACEMENT = '***';

/**
 * Makes a function that replaces every secret in a text, also where it stands as it would in JSON or in a URL. Of a
 * secret of several lines each longer line is one, because text is looked at line by line.
 */
export function scrubber(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const lines = secret.split(/\r?\n/);
    for (const form of [secret, ...(lines.length > 1 ? lines.filter((line) => line.length >= 6) : [])]) {
      for (const written of [form, JSON.stringify(form).slice(1, -1), encodeURIComponent(form)]) {
        if (written !== '') forms.add(written);
      }
    }
  }
  if (forms.size === 0) return (text) => text;
  // The longest first: one secret may begin with another.
  const pattern = [...forms]
    .sort((a, b) => b.length - a.length)
    .map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const all = new RegExp(pattern.join('|'), 'g');
  return (text) => text.replace(all, REPLACEMENT);
}
