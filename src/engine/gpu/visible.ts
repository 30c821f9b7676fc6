/**
 * CUDA_VISIBLE_DEVICES, by which users and schedulers give out cards (CUDA C++ Programming Guide, “CUDA Environment
 * Variables”): numbers or ids with commas between; what follows the first that names no card does not count.
 */
import type { Card } from './survey.js';

export const idsIn = (variable: string): readonly string[] => variable.split(',').map((id) => id.trim());

/** By number, or by so much of its id as tells it from the others. */
export const isCard = (id: string, { index, uuid }: Pick<Card, 'index' | 'uuid'>): boolean =>
  id === String(index) || (id.startsWith('GPU-') && uuid.startsWith(id));

/** A part of a card (Multi-Instance GPU), which no survey lists. */
export const isPartOfCard = (id: string): boolean => id.startsWith('MIG-');

/** The cards that the variable leaves, in its order; all where it is not set. */
export function visibleCards(cards: readonly Card[], variable: string | undefined): readonly Card[] {
  if (variable === undefined) return cards;
  const visible: Card[] = [];
  for (const id of idsIn(variable)) {
    const card = cards.find((candidate) => isCard(id, candidate));
    if (card === undefined) break;
    visible.push(card);
  }
  return visible;
}
