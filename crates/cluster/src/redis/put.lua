-- Stores or removes one camera, if nobody changed it since.
-- KEYS: cameras, versions, list, reports, their changes, their counters.
-- ARGV: id, the version it is known at (0: none), the entry or nothing.
local known = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
if known ~= tonumber(ARGV[2]) then return -1 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('HINCRBY', KEYS[3], 'version', 1)
  if redis.call('HDEL', KEYS[4], ARGV[1]) == 1 then
    redis.call('ZADD', KEYS[5], redis.call('HINCRBY', KEYS[6], 'seq', 1), ARGV[1])
  end
  return 0
end
local version = redis.call('HINCRBY', KEYS[3], 'version', 1)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], version)
return version
