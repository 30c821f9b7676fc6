import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../../../../src/report/compare/html/page.js';
import { html, trusted } from '../../../../../src/report/compare/html/markup.js';
import { thinned } from '../../../../../src/report/compare/html/table.js';
import { niceExtent } from '../../../../../src/report/compare/html/charts/nice-extent.js';
import { createReport } from '../../../../../src/report/compare/report.js';
import { shownPart } from '../../../../../src/report/compare/shown-part.js';
import { barePage, fullPage, hostilePage } from '../pages.js';
import { comparedRun } from '../runs.js';

const render = (page: Parameters<typeof renderHtml>[0]): string => renderHtml(page, { version: '1.2.3' });
const sectionOf = (text: string, id: string): string =>
  new RegExp(`<section id="${id}".*?</section>`, 's').exec(text)![0];
const wordsOf = (text: string): string =>
  text
    .replaceAll(/<svg.*?<\/svg>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

describe('a piece of HTML', () => {
  it('has as markup only what was written as such', () => {
    const name = `<b>&"'\u001b`;
    expect(html`<p title="${name}">${[name, 7, null, html`<i>${name}</i>`, trusted('<br>')]}</p>`.text).toBe(
      '<p title="&lt;b&gt;&amp;&quot;&#39;\\u001b">&lt;b&gt;&amp;&quot;&#39;\\u001b7<i>&lt;b&gt;&amp;&quot;&#39;\\u001b</i><br></p>',
    );
  });
});

describe('the page', () => {
  it('asks for nothing: no script, no address but those within it', () => {
    const text = render(fullPage({ sameWeights: false }));
    expect(text).not.toMatch(/<script|javascript:|@import|url\((?!#)/i);
    expect([...text.matchAll(/(?:src|href|srcset|action)="([^"#]{0,5})/g)].map(([, start]) => start)).toEqual(
      ['data:', ...Array<string>(10).fill(''), 'data:', 'data:'],
    );
  });

  it('is the same each time', () => {
    expect(render(fullPage())).toBe(render(fullPage()));
  });

  it('answers first', () => {
    const text = render(fullPage());
    expect(text.indexOf('id="answer"')).toBeLessThan(text.indexOf('id="figures"'));
    expect(wordsOf(sectionOf(text, 'answer'))).toContain(
      'docker against inprocess A container costs 965 ms a run more than inprocess, however long the run',
    );
  });

  it('shows each figure with its change, ratio and interval, and marks in words what is more than noise', () => {
    const words = wordsOf(sectionOf(render(fullPage()), 'figures'));
    expect(words).toContain('Medians inprocess docker Change Ratio 95 % of ratio Noise?');
    expect(words).toContain('throughput, images/s 7,682 7,260 −422 0.945 0.934–0.966 more, worse');
    expect(words).toContain('CPU of runner, s 29.5 0.90 −28.6 0.0305 0.0305–0.0305 more, better');
  });

  it('has behind every chart what it shows in words, and its data', () => {
    const text = render(fullPage());
    const charts = text
      .match(/<figure class="chart">.*?<\/figure>/gs)!
      .filter((chart) => chart.includes('<svg'));
    // Waterfalls, six of loss and accuracy, two over time, and the figures that are not the same in every run.
    expect(charts.length).toBeGreaterThan(3 + 6 + 2);
    for (const chart of charts) {
      expect(chart).toMatch(/role="img" aria-label="[^"]{20,}"/);
      expect(chart).toMatch(/<details>.*<table>.*<tbody>\s*<tr>/s);
    }
    expect(text).toContain(
      'aria-label="Training loss, nats: inprocess from 0.3 to 0.1 over 3 points, epoch 1 to 3; process from 0.3 to 0.1',
    );
  });

  it('draws no course of a single point, and no share beyond all', () => {
    const { courses, ...page } = fullPage();
    const short = courses.map((course) => ({
      ...course,
      curves: {
        ...course.curves,
        steps: course.curves.steps.slice(0, 1),
        throughput: course.curves.throughput.slice(0, 1),
        memory: [],
      },
    }));
    const text = render({ ...page, courses: short });
    expect(sectionOf(text, 'learning').match(/<figure /g)).toHaveLength(4);
    expect(wordsOf(sectionOf(text, 'course'))).toContain('Nothing to draw');
    const shares = [...render(fullPage()).matchAll(/<text[^>]*>(\d+(?:\.\d+)?) %<\/text>/g)].map(
      ([, share]) => Number(share),
    );
    expect(shares.length).toBeGreaterThan(8);
    expect(Math.max(...shares)).toBe(100);
  });

  it('shows a side alike in every chart, also where another one has nothing to draw', () => {
    const runs = [0, 1, 2].map((index) => comparedRun('docker', index));
    const report = createReport(runs, { force: false });
    const [, second] = report.sides;
    const { curves } = fullPage().courses[0]!;
    const text = render({
      ...barePage(),
      report,
      courses: [{ side: 'run2', runId: second!.runs[0]!.runId, curves }],
    });
    expect(sectionOf(text, 'phases')).toContain('var(--side-1)');
    const learning = sectionOf(text, 'learning');
    expect(learning).toContain('var(--side-1)');
    expect(learning).not.toContain('var(--side-0)');
    expect(wordsOf(learning)).not.toContain('upon one another');
  });

  it('says what each figure is', () => {
    expect(wordsOf(sectionOf(render(fullPage()), 'figures'))).toContain(
      'What each figure is throughput, images/s training, once it is under way: without the first step, validation and checkpoints time in all, s from the start',
    );
  });

  it('tells never from not known, where isolation costs less than 1 %', () => {
    const glance = (page: Parameters<typeof render>[0]) =>
      wordsOf(sectionOf(render(page), 'answer')).split('Under 1 % from ')[1];
    expect(glance(fullPage())).toMatch(/^process .* docker \+965 ms 0\.945 0\.934–0\.966 never$/);
    expect(glance(barePage())).toMatch(/ –$/);
  });

  it('keeps a number and its unit on one line in the answer', () => {
    expect(sectionOf(render(fullPage()), 'answer')).toContain('965\u00a0ms a run more');
  });

  it('says in a sentence that equal weights predict the same, and shows one matrix for equal ones', () => {
    const text = render(fullPage());
    expect(wordsOf(sectionOf(text, 'images'))).toBe(
      'Predictions All runs ended with the same weights, to the bit: they take every image for the same.',
    );
    expect(sectionOf(text, 'classes').match(/<table class="matrix">/g)).toHaveLength(1);
    expect(wordsOf(sectionOf(text, 'classes'))).toContain('inprocess, process, docker: ');
  });

  it('shows the images that sides disagree on', () => {
    const text = render(fullPage({ sameWeights: false }));
    const section = sectionOf(text, 'images');
    expect(wordsOf(section)).toContain(
      'of 10,000 test images they take 30 for different classes; the first 2 are',
    );
    expect(section).toContain('alt="Test image 5, a 4: inprocess 9, process 9, docker 4"');
    expect(sectionOf(text, 'classes').match(/<table class="matrix">/g)).toHaveLength(2);
  });

  it('of runs without events, evaluation, phases and repeats, with figures that are no numbers, says what is not there', () => {
    const text = render(barePage());
    expect(wordsOf(sectionOf(text, 'learning'))).toContain('Nothing to draw');
    expect(wordsOf(sectionOf(text, 'repeats'))).toContain('There are no repeats');
    expect(wordsOf(sectionOf(text, 'classes'))).toContain('Not evaluated on the test images');
    expect(wordsOf(sectionOf(text, 'images'))).toContain('Not known image by image');
    expect(wordsOf(sectionOf(text, 'notes'))).toContain('has not succeeded (failed)');
    expect(text).not.toMatch(/undefined|\[object|>NaN px|d="[^"]*NaN/);
  });

  it('has no markup but its own, whatever runs, classes and machines are called', () => {
    const text = render(hostilePage());
    expect(text).not.toMatch(/<script|<img src=x|\u001b/);
    expect(text.match(/<\/style>/g)).toHaveLength(1);
    expect(text.match(/<img /g)).toHaveLength(1);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toMatch(/d="[^"]*NaN/);
  });
});

describe('a page of more than it can show', () => {
  it('has six sides, the baseline among them, and says how many are not there', () => {
    const runs = Array.from({ length: 9 }, (_, index) => comparedRun('docker', index));
    const report = createReport(runs, { force: false });
    expect(shownPart(report).report.sides.map(({ name }) => name)).toEqual([
      'run1',
      'run2',
      'run3',
      'run4',
      'run5',
      'run6',
    ]);
    const text = render({ ...barePage(), report, courses: [] });
    expect(wordsOf(sectionOf(text, 'notes'))).toContain('3 further sides are left out here');
    expect(sectionOf(text, 'answer').match(/<h3>/g)).toHaveLength(5);
  });

  it('takes evenly of what it leaves out, the first and the last always', () => {
    const items = Array.from({ length: 1000 }, (_, index) => index);
    expect(thinned(items, 5)).toEqual([0, 250, 500, 749, 999]);
    expect(thinned([1, 2], 5)).toEqual([1, 2]);
  });
});

it.each([
  [[0.31, 0.05], { low: 0, high: 0.4, step: 0.1 }],
  [[0.905, 0.987], { low: 0.9, high: 1, step: 0.05 }],
  [[7600, 7301], { low: 7300, high: 7600, step: 100 }],
  [[5], { low: 4, high: 6, step: 2 }],
  [[NaN, Infinity], undefined],
])('a range over %j begins and ends at ticks', (values, extent) => {
  expect(niceExtent(values)).toEqual(extent);
});
