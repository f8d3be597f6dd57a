-- What owners tell of their cameras: takes one instance's reports, and tells what others told since.
-- KEYS: reports, their changes (sorted by number), their counters, leases.
-- ARGV: the instance's name, the id of this Redis process, a name for the memory if it is new, the
-- memory and the number seen last, then cameras and reports in turn.
local reports, changes, counters, leases = unpack(KEYS)
local name = ARGV[1] .. '#'
local LIMIT = 500

redis.call('HSETNX', counters, 'memory', ARGV[3])
local memory = ARGV[2] .. ':' .. redis.call('HGET', counters, 'memory')

local refused = {}
for i = 6, #ARGV, 2 do
  local lease = redis.call('HGET', leases, ARGV[i])
  local at = lease and string.find(lease, ' ', 1, true)
  -- Who has lost a camera knows nothing of it any more.
  if at and string.sub(lease, at + 1, at + #name) == name then
    redis.call('HSET', reports, ARGV[i], ARGV[i + 1])
    redis.call('ZADD', changes, redis.call('HINCRBY', counters, 'seq', 1), ARGV[i])
  else
    refused[#refused + 1] = ARGV[i]
  end
end

local last = redis.call('HGET', counters, 'seq') or '0'
local anew = memory ~= ARGV[4] or tonumber(ARGV[5]) > tonumber(last)
local from = anew and '0' or ARGV[5]
local told = redis.call('ZRANGEBYSCORE', changes, '(' .. from, '+inf', 'WITHSCORES', 'LIMIT', 0, LIMIT)
local more = #told == 2 * LIMIT
local news = {}
for i = 1, #told, 2 do
  news[#news + 1] = told[i]
  news[#news + 1] = redis.call('HGET', reports, told[i]) or ''
  if more then last = told[i + 1] end
end
return { memory, anew and 1 or 0, tonumber(last), more and 1 or 0, refused, news }
