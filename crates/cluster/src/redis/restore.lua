-- Begins a list where there is none, and adds cameras that it does not hold.
-- KEYS: cameras, versions, list. ARGV: a name for the list, then ids and entries in turn.
local begun = redis.call('HSETNX', KEYS[3], 'generation', ARGV[1])
local version
for i = 2, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) == 1 then
    version = version or redis.call('HINCRBY', KEYS[3], 'version', 1)
    redis.call('HSET', KEYS[2], ARGV[i], version)
  end
end
return begun
