-- For wrk: posts the pictures of a list one after the other, over and over.
--
--   wrk ... -s post_pictures.lua http://127.0.0.1:8080/v1/classify -- LIST
--
-- LIST: a file with a picture's path on each line. Prints one line of JSON at the end.

local requests = {}
local current = 0

function init(arguments)
  for path in io.lines(arguments[1]) do
    local file = assert(io.open(path, "rb"))
    local body = file:read("*a")
    file:close()
    -- The same bytes are sent each time: put together once, they cost nothing while it counts.
    requests[#requests + 1] = wrk.format("POST", wrk.path, {
      ["Content-Type"] = "application/octet-stream",
    }, body)
  end
  -- Threads begin in different places, so that they do not send the same at the same time.
  math.randomseed(tonumber(tostring({}):sub(8)) or 1)
  current = math.random(#requests)
end

function request()
  current = current % #requests + 1
  return requests[current]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "max_ms": %f, ' ..
      '"bad_statuses": %d, "lost": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
