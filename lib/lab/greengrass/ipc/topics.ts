/** Topics and filters as MQTT has them (MQTT 5, section 4.7): `+` is one level, `#` the rest. */

export function isFilter(topic: string): boolean {
  return topic.includes('+') || topic.includes('#');
}

/** Does a filter let this topic through? `a/#` lets `a` through, too. */
export function matchesTopic(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split('/'), topic.split('/')];
  for (const [index, level] of wanted.entries()) {
    if (level === '#' && index === wanted.length - 1) return true;
    if (index >= levels.length) return false;
    if (level !== '+' && level !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}
