/** An evaluation as a Markdown page. */
import { ACHIEVEMENTS } from '../../sim/rules.js';
import type { Estimate, ModeReport, Rate, Report } from './report.js';

export function pageOf(report: Report): string {
  const { modes } = report;
  const head = ['', ...modes.map(({ mode }) => mode)];
  const line = (name: string, read: (mode: ModeReport) => string): string[] => [name, ...modes.map(read)];
  const estimate = (name: string, figure: Exclude<Estimate, 'score'>, places: number): string[] =>
    line(name, (mode) => `${mode[figure].toFixed(places)}${interval(mode, figure, places)}`);
  const hasTokens = modes.some(({ input_tokens, output_tokens }) => input_tokens + output_tokens > 0);
  const hasCost = modes.some(({ cost_usd }) => cost_usd !== null);
  const figures = [
    line('Crafter score', (mode) => `**${mode.score.toFixed(1)} %**${interval(mode, 'score', 1)}`),
    line('episodes', ({ episodes }) => String(episodes)),
    line('failed, not counted below', ({ failed }) => String(failed)),
    estimate('achievements an episode', 'mean_achievements', 2),
    estimate('reward an episode', 'mean_reward', 2),
    estimate('steps an episode', 'mean_length', 1),
    estimate('turns an episode', 'mean_turns', 1),
    line('tool calls', ({ total_tool_calls }) => String(total_tool_calls)),
    ...(hasTokens
      ? [
          line('tokens read', ({ input_tokens }) => String(input_tokens)),
          line('tokens written', ({ output_tokens }) => String(output_tokens)),
        ]
      : []),
    ...(hasCost ? [line('cost', ({ cost_usd }) => (cost_usd === null ? '?' : `$${cost_usd.toFixed(4)}`))] : []),
    line('endings', ({ endings }) =>
      Object.entries(endings)
        .map(([ending, count]) => `${ending} ${count}`)
        .join(', '),
    ),
  ];
  const rates = ACHIEVEMENTS.map((name) => line(`\`${name}\``, ({ achievements }) => percent(achievements[name])));
  return `${[
    `# ${nameOf(report)} in Crafter`,
    limits(report),
    ...(report.told.length === 0
      ? []
      : [`The model is not known to see pictures: in mode ${report.told.join(' and ')} it was told in words alone.`]),
    table(head, figures),
    '## Success rates',
    table(head, rates),
    NOTES,
  ].join('\n\n')}\n`;
}

function interval({ intervals }: ModeReport, figure: Estimate, places: number): string {
  const bounds = intervals?.[figure];
  return bounds === undefined ? '' : ` (${bounds.low.toFixed(places)}–${bounds.high.toFixed(places)})`;
}

const NOTES = `The Crafter score is the geometric mean of the success rates $s_i$ in percent, shifted by one:
$\\exp(\\frac{1}{22} \\sum_i \\ln(1 + s_i)) - 1$ (Hafner, 2021). The reward is the game's own: one for each step that achieves
something new, and a tenth of every change in health.

In parentheses stand 95 % confidence intervals. Of a success rate $p$ over $n$ episodes it is the Wilson score interval (Wilson,
1927): $(p + z^2/2n \\pm z \\sqrt{p(1-p)/n + z^2/4n^2}) / (1 + z^2/n)$ with $z = 1.96$. Of the score and the means it is the percentile
bootstrap interval (Efron, 1979), from 2,000 draws of $n$ episodes with replacement.`;

function nameOf({ policy }: Report): string {
  const name = policy['kind'] === 'model' ? policy['model'] : policy['kind'];
  return typeof name === 'string' ? name : 'a policy';
}

function limits({ length, steps, turns }: Report): string {
  const parts = [`${Math.min(length, steps ?? length)} steps`, ...(turns === null ? [] : [`${turns} turns`])];
  return `Episodes of at most ${parts.join(' or ')}.`;
}

const percent = ({ rate, low, high }: Rate): string =>
  `${(100 * rate).toFixed(0)} % (${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)})`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n');
}
