-- wrk -s load.lua ADDRESS -- METHOD FILE START BODY
-- FILE: a request a line, its path, its token and its entity tag (or nothing) with tabs between them. They are sent in
-- their order, from line START on. In BODY each @ becomes another number for each request.
local lines, method, body, at, number = {}, "GET", "", 0, 0
changed = 0 -- answers to a conditional request that were no 304

function setup(thread)
   only = thread
end

function init(args)
   method, at, body = args[1], tonumber(args[3]), args[4] or ""
   for line in io.lines(args[2]) do
      lines[#lines + 1] = { line:match("([^\t]*)\t([^\t]*)\t(.*)") }
   end
   if lines[1][3] ~= "" then
      response = function(status)
         if status ~= 304 then changed = changed + 1 end
      end
   end
   number = os.time() % 100000 * 100000
end

function request()
   at = at % #lines + 1
   number = number + 1
   local line = lines[at]
   local headers = { Authorization = "Bearer " .. line[2] }
   if line[3] ~= "" then headers["If-None-Match"] = line[3] end
   if body == "" then return wrk.format(method, line[1], headers) end
   headers["Content-Type"] = "application/json"
   return wrk.format(method, line[1], headers, (body:gsub("@", function() return tostring(number) end)))
end

function done(summary)
   local errors = summary.errors
   io.write(string.format('\n{"requests": %d, "seconds": %f, "refused": %d, "broken": %d, "changed": %d}\n',
      summary.requests, summary.duration / 1e6, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout, only:get("changed")))
end
