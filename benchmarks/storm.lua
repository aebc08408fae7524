-- SPDX-License-Identifier: Apache-2.0
-- Sends exactly as many notifications as asked for, then stops.
-- Arguments: how many; at how many connections; how many tags; repository; token; prefix of the tags.

local ffi = require("ffi")
ffi.cdef("int getpid(void); int kill(int pid, int number);")

local sent, made, idle = 0, 0, 0
local never = 24 * 3600 * 1000
local requests = {}

-- Docker Hub's payload, as its webhook page shows it.
local payload = '{"callback_url": "https://registry.hub.docker.com/u/x/1/", '
   .. '"push_data": {"pushed_at": 1.417566161e9, "pusher": "somebody", '
   .. '"images": null, "tag": "%s"}, "repository": {"name": "%s", '
   .. '"namespace": "%s", "repo_name": "%s/%s", "status": "Active", '
   .. '"date_created": 1417494799}}'

function init(arguments)
   total, connections = tonumber(arguments[1]), tonumber(arguments[2])
   tags = tonumber(arguments[3])
   local namespace, name = arguments[4]:match("(.+)/(.+)")
   local path = "/v1/notify?token=" .. arguments[5]
   local headers = {["Content-Type"] = "application/json"}
   for number = 0, tags - 1 do
      local tag = arguments[6]
      if tags > 1 then
         tag = string.format("%04d", number)
      end
      local body = payload:format(tag, name, namespace, namespace, name)
      requests[number] = wrk.format("POST", path, headers, body)
   end
end

-- Called before each request. What would be one too many waits for ever; when
-- all connections do, the storm is over.
function delay()
   if sent < total then
      sent = sent + 1
      return 0
   end
   idle = idle + 1
   if idle == connections then
      -- wrk sleeps for its whole duration, unless it is interrupted.
      ffi.C.kill(ffi.C.getpid(), 2)
   end
   return never
end

function request()
   made = made + 1
   return requests[(made - 1) % tags]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"seconds": %f, "answers": %d, "refused": %d, "broken": %d, '
      .. '"p50_ms": %f, "p99_ms": %f, "max_ms": %f}\n',
      summary.duration / 1e6, summary.requests, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      latency.max / 1e3))
end
