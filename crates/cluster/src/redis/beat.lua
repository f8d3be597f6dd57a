-- One beat of one instance, as exchange.rs describes it, and as memory.rs does it for tests.
-- KEYS: sessions (sorted by end), members, leases, changes (sorted by number), counters, list, and
-- the counters of reports.
-- ARGV: the beat as JSON, the id of this Redis process.
local sessions, members, leases, changes, counters, list, reports = unpack(KEYS)
local beat = cjson.decode(ARGV[1])
local run = ARGV[2]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
-- Hundreds of instances that ask at once get their answers in time nevertheless.
local LIMIT = 500

local function text(number) return string.format('%.0f', number) end

-- Another process, or one that was emptied, does not know who opened what a moment ago. Nobody gets
-- a camera until all who had one have claimed it or closed it.
if redis.call('HGET', counters, 'run') ~= run then
  redis.call('HSET', counters, 'run', run, 'since', text(now))
end
local since = tonumber(redis.call('HGET', counters, 'since'))
local settling = now < since + beat.ttl
local era = run .. ':' .. text(since)

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', sessions, '-inf', text(now))) do
  redis.call('ZREM', sessions, gone)
  redis.call('HDEL', members, gone)
end

local function stop(session)
  redis.call('ZREM', sessions, session)
  redis.call('HDEL', members, session)
end
local function lives(session)
  return redis.call('ZSCORE', sessions, session) ~= false
end
local function lease(camera)
  local record = redis.call('HGET', leases, camera)
  if not record then return nil end
  local at = string.find(record, ' ', 1, true)
  return string.sub(record, at + 1), tonumber(string.sub(record, 1, at - 1))
end
local function grant(camera, session, fence)
  redis.call('HSET', leases, camera, text(fence) .. ' ' .. session)
  redis.call('ZADD', changes, redis.call('HINCRBY', counters, 'seq', 1), camera)
end
-- Never goes back: above all that was given out here, and above the time at which it was.
local function next_fence()
  local fence = math.max(tonumber(redis.call('HGET', counters, 'fence') or '0') + 1, now)
  redis.call('HSET', counters, 'fence', text(fence))
  return fence
end

local standing = 'alive'
if beat.leaving then
  standing = 'ended'
elseif beat.opening then
  if beat.former then stop(beat.former) end
  local all = redis.call('HGETALL', members)
  for i = 1, #all, 2 do
    if all[i] ~= beat.session and cjson.decode(all[i + 1]).name == beat.name then
      standing = 'taken'
    end
  end
elseif not lives(beat.session) and not settling then
  standing = 'ended'
end

if standing == 'alive' then
  redis.call('ZADD', sessions, text(now + beat.ttl), beat.session)
  redis.call('HSET', members, beat.session, beat.member)
end
if standing == 'alive' or beat.leaving then
  for _, given in ipairs(beat.release) do
    local camera, fence, successor = given[1], given[2], given[3]
    local owner, current = lease(camera)
    if owner == beat.session and current == fence then
      if successor ~= '' and lives(successor) and not settling then
        grant(camera, successor, next_fence())
      else
        redis.call('HDEL', leases, camera)
        redis.call('ZADD', changes, redis.call('HINCRBY', counters, 'seq', 1), camera)
      end
    end
  end
end
if beat.leaving then
  stop(beat.session)
elseif standing == 'alive' then
  for _, claimed in ipairs(beat.claim) do
    local camera, fence = claimed[1], claimed[2]
    local owner, current = lease(camera)
    if not owner or (owner ~= beat.session and current < fence) then
      if fence > tonumber(redis.call('HGET', counters, 'fence') or '0') then
        redis.call('HSET', counters, 'fence', text(fence))
      end
      grant(camera, beat.session, fence)
    end
  end
  if not settling then
    for _, camera in ipairs(beat.acquire) do
      local owner = lease(camera)
      if not owner or (owner ~= beat.session and not lives(owner)) then
        grant(camera, beat.session, next_fence())
      end
    end
  end
end

local last = tonumber(redis.call('HGET', counters, 'seq') or '0')
local all = beat.era ~= era or beat.seen > last
local from = all and 0 or beat.seen
local told = redis.call('ZRANGEBYSCORE', changes, '(' .. text(from), '+inf', 'WITHSCORES', 'LIMIT', 0, LIMIT)
local more = #told == 2 * LIMIT
local owned = {}
for i = 1, #told, 2 do
  local owner, fence = lease(told[i])
  owned[#owned + 1] = told[i]
  owned[#owned + 1] = owner or ''
  owned[#owned + 1] = text(fence or 0)
  if more then last = tonumber(told[i + 1]) end
end
return {
  standing, era, settling and 1 or 0, all and 1 or 0, text(last), more and 1 or 0,
  (redis.call('HGET', list, 'generation') or '') .. ':' .. (redis.call('HGET', list, 'version') or '0'),
  tonumber(redis.call('HGET', reports, 'seq') or '0'), redis.call('HGETALL', members), owned,
}
