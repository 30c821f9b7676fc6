import { formatCount, formatShare } from '../../../format.js';
import type { Disagreement } from '../../disagreement.js';
import type { Report } from '../../report.js';
import { html } from '../markup.js';
import type { Markup } from '../markup.js';
import { table } from '../table.js';

/** The test images that sides take for different classes. */
export function imagesSection({ weights }: Report, disagreement: Disagreement | null): Markup {
  return html`<section id="images" aria-labelledby="images-title">
    <h2 id="images-title">Predictions</h2>
    ${contentOf(weights.same, disagreement)}
  </section>`;
}

function contentOf(sameWeights: boolean | null, disagreement: Disagreement | null): Markup {
  if (sameWeights === true) {
    return html`<p>All runs ended with the same weights, to the bit: they take every image for the same.</p>`;
  }
  if (disagreement === null) {
    return html`<p>
      Not known image by image: that takes two sides that were evaluated on the same test images.
    </p>`;
  }
  const { sides, images, differing, shown, classNames } = disagreement;
  const names = sides.map(({ side }) => side).join(', ');
  if (differing === 0) {
    return html`<p>
      ${names}: they take every one of ${formatCount(images)} test images for the same class.
    </p>`;
  }
  const nameOf = (index: number): string => classNames[index] ?? String(index);
  const pictures = shown.flatMap(({ index, label, guesses, picture }) => {
    if (picture === null) return [];
    const said = sides.map(({ side }, place) => `${side} ${nameOf(guesses[place]?.predicted ?? NaN)}`);
    const alternative = `Test image ${index}, a ${nameOf(label)}: ${said.join(', ')}`;
    return [
      html`<li>
        <img src="${picture}" width="84" height="84" alt="${alternative}" />
        <p>true ${nameOf(label)}</p>
        ${said.map((text) => html`<p>${text}</p>`)}
      </li> `,
    ];
  });
  const rows = shown.map(({ index, label, guesses }) => [
    index,
    nameOf(label),
    ...guesses.map(({ predicted, probability }) => `${nameOf(predicted)} (${formatShare(probability)})`),
  ]);
  const header = ['Test image', 'True', ...sides.map(({ side }) => side)];
  return html`<p>
      ${names}: of ${formatCount(images)} test images they take ${formatCount(differing)} for different
      classes${differing > shown.length ? `; the first ${shown.length} are` : ', which are'} shown with the
      probability of the predicted class. Of the newest evaluated run of each side.
    </p>
    ${
      pictures.length === 0
        ? null
        : html`<ul class="pictures">
            ${pictures}
          </ul>`
    }${table({ caption: 'Test images that sides do not agree on', header, rows, words: 2 })}`;
}
