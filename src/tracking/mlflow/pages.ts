import type { Api } from './api.js';
import { TrackingFailure } from './failure.js';

export interface Paged<Page, Item> {
  /** As an infinitive, for messages: `list runs`. */
  readonly what: string;
  /** Asks for one page. @param next to go with the request; empty for the first page */
  readonly read: (next: { readonly page_token?: string }) => Promise<Page>;
  readonly itemsOf: (page: Page) => readonly Item[];
}

/**
 * What is on the pages of an answer, one after the other.
 * @throws TrackingFailure `tracking-refused` where pages have no end: no server may keep anybody for ever
 */
export async function* pagesOf<Page extends { readonly next_page_token: string }, Item>(
  { access }: Pick<Api, 'access'>,
  { what, read, itemsOf }: Paged<Page, Item>,
): AsyncGenerator<readonly Item[], void> {
  for (let token = ''; ;) {
    const page = await read(token === '' ? {} : { page_token: token });
    const items = itemsOf(page);
    yield items;
    const { next_page_token: next } = page;
    if (next === '') return;
    if (next === token || items.length === 0) {
      const message = `${access.baseUrl} was asked to ${what} and names a next page that is none.`;
      throw new TrackingFailure('tracking-refused', message, { clarity: 'refused' });
    }
    token = next;
  }
}
