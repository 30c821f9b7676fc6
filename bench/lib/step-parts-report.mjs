/** What `npm run bench:train -- --measures parts` shows. */
import { spread } from './statistics.mjs';

const micro = (ms) => `${(1000 * ms).toFixed(1)}`;
const OUTSIDE = ['order', 'prepare', 'feed', 'read', 'rest'];

export const stepPartsTables = ({ emptyCall, steps }) => [
  { title: 'Where a step spends its time, µs a step (medians)', rows: partsRows(emptyCall, steps) },
  { title: 'Several steps a native call', rows: callRows(steps) },
];

function partsRows(emptyCall, steps) {
  const single = steps.filter(({ stepsPerCall }) => stepsPerCall === 1);
  return [
    [
      'batch',
      'draw the order',
      'gather',
      'feed',
      'TensorFlow',
      'read back',
      'JavaScript besides',
      'not TensorFlow',
    ],
    ...single.map((step) => {
      const outside = OUTSIDE.reduce((sum, name) => sum + step[name], 0);
      return [
        String(step.batchSize),
        ...['order', 'prepare', 'feed', 'native', 'read', 'rest'].map((name) => micro(step[name])),
        `${micro(outside)}, ${((100 * outside) / step.whole).toFixed(1)} %`,
      ];
    }),
    ['an empty call', '', '', '', micro(emptyCall.native), '', '', micro(emptyCall.whole - emptyCall.native)],
  ];
}

function callRows(steps) {
  const alone = new Map(
    steps.filter(({ stepsPerCall }) => stepsPerCall === 1).map((step) => [step.batchSize, step]),
  );
  return [
    ['batch', 'steps a call', 'images/s', 'against 1 a call, turn by turn', 'trace, ms', 'first turn, ms'],
    ...steps.map((step) => {
      const ratio = spread(step.wholes.map((whole, turn) => alone.get(step.batchSize).wholes[turn] / whole));
      return [
        String(step.batchSize),
        String(step.stepsPerCall),
        Math.round((1000 * step.batchSize) / step.whole).toLocaleString('en-US'),
        `${ratio.median.toFixed(2)}× (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
        step.traceMs.toFixed(0),
        step.firstTurnMs.toFixed(0),
      ];
    }),
  ];
}
