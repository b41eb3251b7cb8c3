// In: texts. Out: of each, its weight, links and tags, as X's published counter has them.
import { readFileSync } from "node:fs";
import twitter from "twitter-text";

const texts = JSON.parse(readFileSync(0, "utf8"));
const answers = texts.map((text) => [
  twitter.parseTweet(text).weightedLength,
  twitter.extractUrls(text.normalize()),
  twitter.extractHashtags(text),
]);
process.stdout.write(JSON.stringify(answers));
