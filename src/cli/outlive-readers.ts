/**
 * Whoever read the output may be gone (`vlmbuild -v | head -1`, a closed terminal): the work goes on, and nobody is told.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
}
