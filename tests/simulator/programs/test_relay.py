"""The relay that brings the simulator to the machine of whoever calls it."""

import aiohttp

from deploy.local.ports import free_ports
from simulator.http.server import Simulator, start
from simulator.relay import serve


async def test_what_is_asked_of_the_relay_is_answered_by_the_simulator() -> None:
    """Returns come through, and a simulator that is away closes the connection."""
    running = await start(Simulator(client_id="c", client_secret="s"))
    port = int(running.url.rpartition(":")[2])
    (at,) = free_ports(1)
    relay = await serve("127.0.0.1", port, at=at)
    try:
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{at}/control/open_points") as response:
                assert response.status == 200
            await running.close()
        async with aiohttp.ClientSession() as http:
            try:
                async with http.get(f"http://127.0.0.1:{at}/control/open_points") as response:
                    raise AssertionError(response.status)
            except aiohttp.ClientError:
                pass
    finally:
        relay.close()
        await running.close()
