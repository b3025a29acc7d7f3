/**
 * SQL for epoch milliseconds of a text in ISO-8601, null for any other: PostgreSQL's reading of `isoTimeMs`. Its own types of time are of no use
 * here, since a cast fails where there is no such day, and knows no year 0. The days are counted from March on, so that a leap day is the last of a
 * year, in spans of 400 years (the proleptic Gregorian calendar).
 * @param text SQL of a text, null where there is none
 */
export function timeSql(text: string): string {
  return `(SELECT CASE
      WHEN hour < 24 AND minute < 60 AND second < 60 AND zone_hour < 24 AND zone_minute < 60 AND month BETWEEN 1 AND 12 AND day BETWEEN 1 AND
        CASE WHEN month <> 2 THEN 30 + (month + month / 8) % 2 WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 29 ELSE 28 END
      THEN (((${days} * 24 + hour) * 60 + minute) - zone_sign * (zone_hour * 60 + zone_minute)) * 60000 + second * 1000 + milli END
    FROM regexp_match(${text}, '${pattern}') AS p
    CROSS JOIN LATERAL (SELECT p[1]::bigint AS year, p[2]::bigint AS month, p[3]::bigint AS day, COALESCE(p[4], '0')::bigint AS hour,
      COALESCE(p[5], '0')::bigint AS minute, COALESCE(p[6], '0')::bigint AS second, rpad(COALESCE(p[7], ''), 3, '0')::bigint AS milli,
      CASE left(p[8], 1) WHEN '+' THEN 1 WHEN '-' THEN -1 ELSE 0 END AS zone_sign,
      CASE WHEN length(p[8]) = 6 THEN substr(p[8], 2, 2)::bigint ELSE 0 END AS zone_hour,
      CASE WHEN length(p[8]) = 6 THEN substr(p[8], 5, 2)::bigint ELSE 0 END AS zone_minute) AS part
    CROSS JOIN LATERAL (SELECT year + 400 - (month < 3)::int AS y, (month + 9) % 12 AS m) AS march)`;
}

const pattern = String.raw`^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$`;

/** Since 1970-01-01; 865,565 of them lie between that day and 1 March of the year -400. */
const days = '(y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 865565)';
