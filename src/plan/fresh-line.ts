/** The one line of a build that found nothing to do. A module of its own, because the tiny bin prints it too. */
export function freshLine(targets: number): string {
  const counted = String(targets).replace(/\B(?=(\d{3})+$)/g, ',');
  return `everything is fresh (${counted} ${targets === 1 ? 'target' : 'targets'})`;
}
