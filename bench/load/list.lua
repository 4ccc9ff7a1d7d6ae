-- Sends the requests of a list in turn, repeatedly. Each line of the file args[1] is a path and the
-- header fields of its request, separated by tabs.
local requests = {}
local last = 0

function init(args)
  for line in io.lines(args[1]) do
    local headers = { Host = wrk.headers["Host"] }
    local path
    for part in string.gmatch(line, "[^\t]+") do
      if not path then
        path = part
      else
        local name, value = string.match(part, "^(.-): (.*)$")
        headers[name] = value
      end
    end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
