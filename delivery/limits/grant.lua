-- Take up to ARGV[1] tokens from every bucket at once, or as many as the narrowest has; none from any when one is empty.
-- KEYS: one per bucket. ARGV: want, then interval and tolerance of each bucket in microseconds.
-- Generic cell rate algorithm: a key holds the instant until which its tokens are spent. Redis's own clock, so that
-- hosts need not agree on theirs. Returns {granted, microseconds to wait, number of the narrowest bucket}.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local granted, wait, narrowest = tonumber(ARGV[1]), 0, 0
local spent = {}
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  spent[i] = math.max(tonumber(redis.call('GET', key) or 0), now)
  local free = math.floor((now + tolerance - spent[i]) / interval)
  if free < granted then granted, narrowest = math.max(free, 0), i end
  if free < 1 then wait = math.max(wait, spent[i] + interval - tolerance - now) end
end
if granted > 0 then
  for i, key in ipairs(KEYS) do
    local interval = tonumber(ARGV[2 * i])
    local until_then = spent[i] + granted * interval
    redis.call('SET', key, string.format('%.0f', until_then), 'PX', math.ceil((until_then - now) / 1000) + 1000)
  end
end
return {granted, string.format('%.0f', wait), narrowest}
