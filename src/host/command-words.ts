/** What a shell does itself, or takes for grammar: such a text is the shell's. */
const SHELL_WORDS = new Set(
  (
    '. : [ [[ alias bg break builtin caller case cd chdir command compgen complete continue coproc declare dirs disown do ' +
    'done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help history if in jobs ' +
    'kill let local logout mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source ' +
    'suspend test then time times trap true type typeset ulimit umask unalias unset until wait while'
  ).split(' '),
);

/** Words without anything that a shell would look at twice. */
const PLAIN = /^[A-Za-z0-9_@%+:,./][A-Za-z0-9_@%+:,./=-]*( +[A-Za-z0-9_@%+:,./=-]+)*$/;

/**
 * The words by which a command's text is started: a plain one (`cp a b`) as it is, as make does, because starting a shell
 * first would take as long again; any other by `sh -eu -c`.
 */
export function commandWords(text: string): readonly string[] {
  if (PLAIN.test(text)) {
    const words = text.split(/ +/);
    const [program = ''] = words;
    if (!program.includes('=') && !SHELL_WORDS.has(program)) return words;
  }
  return ['sh', '-eu', '-c', text];
}
