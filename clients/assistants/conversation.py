"""What the official client does with /mcp: `python conversation.py ADDRESS TOKEN MODE PROJECT` prints it as JSON."""

import asyncio
import json
import sys
from datetime import UTC, datetime

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


class Conversation:
    def __init__(self, client: Client):
        self.client = client
        self.sizes: dict[str, int] = {}

    async def call(self, tool: str, **arguments) -> dict:
        result = await self.client.call_tool(tool, arguments)
        text = result.content[0].text
        assert not result.is_error, text
        assert json.loads(text) == result.structured_content
        self.sizes[tool] = len(text)
        return result.structured_content

    async def talk(self, project: str) -> dict:
        tools = [tool.name for tool in (await self.client.list_tools()).tools]
        projects = (await self.call("list_projects"))["projects"]
        [home] = [each["id"] for each in projects if each["name"] == project]
        fields = {"project": home, "due_date": str(datetime.now(UTC).date())}
        added = await self.call("add_tasks", tasks=[{"title": title, **fields} for title in ("Milk", "Bread", "Salt")])
        planned = await self.call("plan_day")
        done = await self.call("complete_task", id=added["tasks"][0]["id"])
        still_open = await self.call("find_tasks", project=home, completed=False)
        undone = await self.call("undo")
        refused = await self.client.call_tool("update_task", {"id": "x", "title": "Oat milk"})
        return {
            "version": self.client.protocol_version,
            "tools": tools,
            "due_today": planned["due_today"]["total"],
            "completed": done["task"]["completed"],
            "still_open": sorted(task["title"] for task in still_open["tasks"]),
            "undone": undone["undone"],
            "refused": [refused.is_error, refused.content[0].text],
            "sizes": self.sizes,
        }


async def main(address: str, token: str, mode: str, project: str) -> None:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(f"{address}/mcp", http_client=http), mode=mode) as client,
    ):
        print(json.dumps(await Conversation(client).talk(project)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
