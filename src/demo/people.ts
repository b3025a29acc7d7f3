/** Given and family names that are common in a country, written in Latin letters. */
export interface NamePool {
  readonly country: string;
  /** Share of the shop's customers. */
  readonly share: number;
  readonly given: readonly string[];
  readonly family: readonly string[];
}

export const namePools: readonly NamePool[] = [
  {
    country: 'DE',
    share: 0.3,
    given: ['Lena', 'Jonas', 'Katrin', 'Felix', 'Miriam', 'Lukas', 'Anja', 'Moritz', 'Petra', 'Stefan', 'Johanna', 'Tobias'],
    family: ['Hoffmann', 'Schneider', 'Weber', 'Krüger', 'Brandt', 'Vogel', 'Lorenz', 'Schubert', 'Engel', 'Winkler', 'Albrecht', 'Seidel'],
  },
  {
    country: 'AT',
    share: 0.1,
    given: ['Magdalena', 'Florian', 'Theresa', 'Matthias', 'Birgit', 'Clemens', 'Veronika', 'Georg'],
    family: ['Gruber', 'Steiner', 'Pichler', 'Leitner', 'Eder', 'Wallner', 'Haas', 'Fuchs'],
  },
  {
    country: 'FR',
    share: 0.16,
    given: ['Camille', 'Antoine', 'Manon', 'Julien', 'Élodie', 'Mathieu', 'Claire', 'Bastien', 'Sophie', 'Rémi'],
    family: ['Moreau', 'Girard', 'Lefèvre', 'Roussel', 'Fontaine', 'Chevalier', 'Marchand', 'Barbier', 'Renaud', 'Colin'],
  },
  {
    country: 'IT',
    share: 0.14,
    given: ['Giulia', 'Matteo', 'Chiara', 'Davide', 'Francesca', 'Lorenzo', 'Elena', 'Pietro', 'Silvia'],
    family: ['Ferrari', 'Ricci', 'Marino', 'Conti', 'De Luca', 'Galli', 'Fontana', 'Caruso', 'Rinaldi'],
  },
  {
    country: 'NL',
    share: 0.1,
    given: ['Sanne', 'Daan', 'Femke', 'Bram', 'Lotte', 'Jeroen', 'Anouk', 'Thijs'],
    family: ['de Vries', 'Bakker', 'Visser', 'Smit', 'Mulder', 'Bos', 'Dekker', 'Brouwer'],
  },
  {
    country: 'GB',
    share: 0.12,
    given: ['Harriet', 'Oliver', 'Priya', 'Callum', 'Imogen', 'Rhys', 'Amara', 'Dominic', 'Niamh'],
    family: ['Ashworth', 'Patel', 'Whitaker', 'Osborne', 'Okafor', 'Llewellyn', 'Hartley', 'Fraser', 'Byrne'],
  },
  {
    country: 'PL',
    share: 0.08,
    given: ['Agnieszka', 'Tomasz', 'Zofia', 'Marcin', 'Magda', 'Piotr', 'Ewa', 'Kamil'],
    family: ['Nowak', 'Wójcik', 'Zielińska', 'Mazur', 'Kaczmarek', 'Pawlak', 'Dudek', 'Sikora'],
  },
];

const letters: Readonly<Record<string, string>> = { ü: 'ue', é: 'e', è: 'e', É: 'e', ó: 'o', ń: 'n', ö: 'oe', ä: 'ae' };

/** Small letters, digits and hyphens: `Élodie De Luca` gives `elodie-de-luca`. */
export function slugOf(name: string): string {
  return Array.from(name, letter => letters[letter] ?? letter)
    .join('')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
}
