import type { Item } from '../content/item.js';

export const categories = ['running', 'outdoor', 'kitchen', 'wine', 'books', 'wellness'] as const;
export type Category = (typeof categories)[number];

/** What is the same at any time; `ageDays` counts back from the time that the demo is made for. */
interface Entry {
  readonly id: string;
  readonly type: 'product' | 'banner' | 'offer' | 'article';
  readonly title: string;
  readonly tags: readonly string[];
  readonly ageDays: number;
  readonly price?: string;
  readonly soldOut?: boolean;
  readonly adultsOnly?: boolean;
  readonly priority?: number;
}

const catalogue: Readonly<Record<Category, readonly Entry[]>> = {
  running: [
    { id: 'fell-runner-trail-shoe', type: 'product', title: 'Fell Runner trail shoe', tags: ['shoes', 'trail', 'featured'], ageDays: 21, price: '129.00', priority: 8 },
    { id: 'tempo-road-shoe', type: 'product', title: 'Tempo road shoe', tags: ['shoes', 'road', 'race'], ageDays: 140, price: '149.00' },
    { id: 'merino-running-socks', type: 'product', title: 'Merino running socks, three pairs', tags: ['socks', 'add-on'], ageDays: 300, price: '24.90' },
    { id: 'windproof-running-gilet', type: 'product', title: 'Windproof running gilet', tags: ['clothing', 'windproof'], ageDays: 62, price: '79.00' },
    { id: 'reflective-night-vest', type: 'product', title: 'Reflective vest for night runs', tags: ['clothing', 'safety', 'winter-sale'], ageDays: 95, price: '34.50' },
    { id: 'foot-pod-cadence-sensor', type: 'product', title: 'Foot pod cadence sensor', tags: ['electronics', 'training'], ageDays: 12, price: '59.00' },
    { id: 'half-marathon-hydration-belt', type: 'product', title: 'Hydration belt for the half marathon', tags: ['accessories', 'race'], ageDays: 210, price: '39.00', soldOut: true },
    { id: 'spring-marathon-plan', type: 'banner', title: 'Sixteen weeks to your spring marathon', tags: ['training', 'seasonal'], ageDays: 9, priority: 9 },
    { id: 'second-pair-half-price', type: 'offer', title: 'Second pair of running shoes at half price', tags: ['shoes', 'discount', 'basket'], ageDays: 6, priority: 7 },
    { id: 'how-to-choose-trail-shoes', type: 'article', title: 'How to choose shoes for the trail', tags: ['guide', 'trail', 'shoes'], ageDays: 33 },
  ],
  outdoor: [
    { id: 'two-person-ridge-tent', type: 'product', title: 'Ridge tent for two', tags: ['camping', 'tent', 'featured'], ageDays: 18, price: '349.00', priority: 7 },
    { id: 'goose-down-sleeping-bag', type: 'product', title: 'Goose down sleeping bag, comfort to -5 °C', tags: ['camping', 'sleep', 'winter-sale'], ageDays: 120, price: '259.00' },
    { id: 'forty-litre-rucksack', type: 'product', title: 'Rucksack, 40 litres', tags: ['hiking', 'bag'], ageDays: 75, price: '139.00' },
    { id: 'titanium-camp-stove', type: 'product', title: 'Titanium camp stove', tags: ['camping', 'cooking'], ageDays: 240, price: '64.90' },
    { id: 'waxed-canvas-anorak', type: 'product', title: 'Waxed canvas anorak', tags: ['clothing', 'rain'], ageDays: 28, price: '189.00' },
    { id: 'head-torch-400', type: 'product', title: 'Head torch, 400 lumens', tags: ['light', 'add-on'], ageDays: 180, price: '44.00' },
    { id: 'folding-trekking-poles', type: 'product', title: 'Folding trekking poles', tags: ['hiking', 'carbon'], ageDays: 51, price: '99.00', soldOut: true },
    { id: 'huts-of-the-high-alps', type: 'banner', title: 'From hut to hut across the high Alps', tags: ['hiking', 'travel'], ageDays: 14, priority: 6 },
    { id: 'winter-camp-clearance', type: 'offer', title: 'Winter camp clearance: up to 40 % off', tags: ['winter-sale', 'discount'], ageDays: 5, priority: 10 },
    { id: 'packing-for-three-days', type: 'article', title: 'Packing for three days in the hills', tags: ['guide', 'hiking'], ageDays: 90 },
  ],
  kitchen: [
    { id: 'carbon-steel-pan-28', type: 'product', title: 'Carbon steel pan, 28 cm', tags: ['cookware', 'featured'], ageDays: 25, price: '59.90', priority: 6 },
    { id: 'cast-iron-casserole', type: 'product', title: 'Cast iron casserole, 5 litres', tags: ['cookware', 'enamel', 'winter-sale'], ageDays: 150, price: '189.00' },
    { id: 'santoku-knife-17', type: 'product', title: 'Santoku knife, 17 cm', tags: ['knives'], ageDays: 66, price: '119.00' },
    { id: 'olive-wood-board', type: 'product', title: 'Chopping board of olive wood', tags: ['wood', 'add-on'], ageDays: 200, price: '42.00' },
    { id: 'manual-burr-grinder', type: 'product', title: 'Hand coffee grinder with steel burrs', tags: ['coffee'], ageDays: 38, price: '89.00' },
    { id: 'gooseneck-kettle', type: 'product', title: 'Gooseneck kettle', tags: ['coffee', 'tea'], ageDays: 110, price: '74.00' },
    { id: 'pasta-machine', type: 'product', title: 'Pasta machine with three rollers', tags: ['italian', 'baking'], ageDays: 16, price: '69.00' },
    { id: 'knife-sharpening-week', type: 'banner', title: 'Knife week: we sharpen yours for nothing', tags: ['knives', 'service'], ageDays: 4, priority: 5 },
    { id: 'cookware-bundle', type: 'offer', title: 'Three pans for the price of two', tags: ['cookware', 'discount', 'basket'], ageDays: 11, priority: 4 },
    { id: 'care-for-carbon-steel', type: 'article', title: 'Caring for carbon steel', tags: ['guide', 'cookware'], ageDays: 45 },
  ],
  wine: [
    { id: 'etna-rosso', type: 'product', title: 'Etna Rosso from old vines, 0.75 l', tags: ['red', 'sicily', 'featured'], ageDays: 19, price: '26.50', adultsOnly: true, priority: 5 },
    { id: 'mosel-riesling-kabinett', type: 'product', title: 'Mosel Riesling Kabinett, 0.75 l', tags: ['white', 'germany'], ageDays: 85, price: '17.90', adultsOnly: true },
    { id: 'douro-field-blend', type: 'product', title: 'Douro field blend, 0.75 l', tags: ['red', 'portugal'], ageDays: 130, price: '21.00', adultsOnly: true },
    { id: 'cremant-de-loire', type: 'product', title: 'Crémant de Loire brut, 0.75 l', tags: ['sparkling', 'france'], ageDays: 57, price: '15.50', adultsOnly: true },
    { id: 'orange-wine-styria', type: 'product', title: 'Orange wine from southern Styria, 0.75 l', tags: ['orange', 'austria'], ageDays: 8, price: '29.00', adultsOnly: true },
    { id: 'hand-blown-wine-glasses', type: 'product', title: 'Hand-blown wine glasses, set of two', tags: ['glass', 'add-on'], ageDays: 220, price: '48.00' },
    { id: 'sommelier-corkscrew', type: 'product', title: "Sommelier's corkscrew", tags: ['tools', 'add-on'], ageDays: 310, price: '19.50', soldOut: true },
    { id: 'growers-of-the-volcano', type: 'banner', title: 'Growers of the volcano: a tasting', tags: ['event', 'sicily'], ageDays: 10, adultsOnly: true, priority: 6 },
    { id: 'tasting-case-of-six', type: 'offer', title: 'Tasting case: six bottles, one of them free', tags: ['discount', 'basket'], ageDays: 13, adultsOnly: true, priority: 5 },
    { id: 'wine-without-fear', type: 'article', title: 'Ordering wine without fear', tags: ['guide'], ageDays: 71, adultsOnly: true },
  ],
  books: [
    { id: 'the-lighthouse-ledger', type: 'product', title: 'The Lighthouse Ledger: a novel', tags: ['fiction', 'featured'], ageDays: 15, price: '22.00', priority: 6 },
    { id: 'a-short-history-of-bread', type: 'product', title: 'A Short History of Bread', tags: ['history', 'food'], ageDays: 102, price: '28.00' },
    { id: 'maps-of-the-mind', type: 'product', title: 'Maps of the Mind', tags: ['science'], ageDays: 48, price: '24.00' },
    { id: 'night-trains', type: 'product', title: 'Night Trains: Europe after dark', tags: ['travel', 'photography'], ageDays: 29, price: '39.00' },
    { id: 'the-gardeners-year', type: 'product', title: "The Gardener's Year in Drawings", tags: ['garden', 'illustrated'], ageDays: 260, price: '31.00' },
    { id: 'murder-at-the-regatta', type: 'product', title: 'Murder at the Regatta', tags: ['fiction', 'crime', 'add-on'], ageDays: 7, price: '12.90' },
    { id: 'poems-for-commuters', type: 'product', title: 'Poems for Commuters', tags: ['poetry', 'add-on', 'winter-sale'], ageDays: 190, price: '14.00' },
    { id: 'ten-first-novels', type: 'banner', title: 'Ten first novels that we could not put down', tags: ['fiction', 'list'], ageDays: 12, priority: 4 },
    { id: 'three-for-two-paperbacks', type: 'offer', title: 'Three paperbacks for two', tags: ['discount', 'basket'], ageDays: 17, priority: 3 },
    { id: 'reading-aloud', type: 'article', title: 'In praise of reading aloud', tags: ['essay'], ageDays: 54 },
  ],
  wellness: [
    { id: 'cork-yoga-mat', type: 'product', title: 'Yoga mat of natural cork', tags: ['yoga', 'featured'], ageDays: 23, price: '84.00', priority: 7 },
    { id: 'linen-meditation-cushion', type: 'product', title: 'Meditation cushion in linen', tags: ['meditation'], ageDays: 160, price: '56.00' },
    { id: 'arnica-muscle-balm', type: 'product', title: 'Arnica muscle balm, 100 ml', tags: ['recovery', 'add-on'], ageDays: 88, price: '16.90' },
    { id: 'foam-roller-firm', type: 'product', title: 'Foam roller, firm', tags: ['recovery', 'training'], ageDays: 41, price: '29.90' },
    { id: 'sunrise-alarm-clock', type: 'product', title: 'Sunrise alarm clock', tags: ['sleep', 'winter-sale'], ageDays: 115, price: '99.00' },
    { id: 'mountain-pine-bath-salts', type: 'product', title: 'Bath salts with mountain pine', tags: ['bath', 'add-on'], ageDays: 230, price: '13.50' },
    { id: 'resistance-bands', type: 'product', title: 'Resistance bands, set of five', tags: ['training'], ageDays: 11, price: '27.00' },
    { id: 'thirty-days-of-stretching', type: 'banner', title: 'Thirty days of stretching', tags: ['training', 'course'], ageDays: 16, priority: 5 },
    { id: 'sleep-week-offer', type: 'offer', title: 'Sleep week: a fifth off everything for the night', tags: ['sleep', 'discount'], ageDays: 3, priority: 6 },
    { id: 'sleep-for-shift-workers', type: 'article', title: 'Sleep for people who work shifts', tags: ['guide', 'sleep'], ageDays: 37 },
  ],
};

const dayMs = 86_400_000;
/** What is younger than this is not shown before its day. */
const recentDays = 12;

/** @param now epoch milliseconds */
export function demoItems(now: number): readonly Item[] {
  const midnight = Math.floor(now / dayMs) * dayMs;
  const publishedAt = (ageDays: number): string => new Date(midnight - ageDays * dayMs).toISOString();
  return categories.flatMap(category =>
    catalogue[category].map(
      ({ id, type, title, tags, ageDays, price, soldOut, adultsOnly, priority }): Item => ({
        id,
        type,
        title,
        category,
        tags,
        url: `/${category}/${id}`,
        ...(price !== undefined && { price: { amount: price, currency: 'EUR' } }),
        priority: priority ?? 0,
        publishedAt: publishedAt(ageDays),
        ...(ageDays < recentDays && { startsAt: publishedAt(ageDays) }),
        attributes: { inStock: soldOut !== true, adultsOnly: adultsOnly === true },
      }),
    ),
  );
}

/** An item by whose date it can be told which day the items were dated from. */
export const datedItemId = 'tempo-road-shoe';

/** Midnight, in epoch milliseconds, of the day that `demoItems` was called for, from when the dated item was published. */
export function dayOfItems(publishedAt: string): number {
  const { ageDays } = categories.flatMap(it => catalogue[it]).find(({ id }) => id === datedItemId) ?? { ageDays: 0 };
  return Date.parse(publishedAt) + ageDays * dayMs;
}
