// In: texts. Out: the nanoseconds a text takes X's published counter once it is warm, the least of several rounds.
import { readFileSync } from "node:fs";
import twitter from "twitter-text";

const texts = JSON.parse(readFileSync(0, "utf8"));
let sum = 0;
const round = () => {
  const began = process.hrtime.bigint();
  for (const text of texts) sum += twitter.parseTweet(text).weightedLength;
  return Number(process.hrtime.bigint() - began) / texts.length;
};
for (let warm = 0; warm < 5; warm++) round();
const taken = Array.from({ length: 30 }, round);
process.stdout.write(JSON.stringify({ nanoseconds: Math.min(...taken), sum }));
