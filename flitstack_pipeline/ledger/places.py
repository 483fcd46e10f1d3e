"""Names of states and countries with their codes, as the witness reads them (ISO 3166, USPS)."""

from __future__ import annotations

_STATES = """alabama al|alaska ak|arizona az|arkansas ar|california ca|colorado co|connecticut ct|
delaware de|district of columbia dc|florida fl|georgia ga|hawaii hi|idaho id|illinois il|indiana in|
iowa ia|kansas ks|kentucky ky|louisiana la|maine me|maryland md|massachusetts ma|michigan mi|
minnesota mn|mississippi ms|missouri mo|montana mt|nebraska ne|nevada nv|new hampshire nh|
new jersey nj|new mexico nm|new york ny|north carolina nc|north dakota nd|ohio oh|oklahoma ok|
oregon or|pennsylvania pa|rhode island ri|south carolina sc|south dakota sd|tennessee tn|texas tx|
utah ut|vermont vt|virginia va|washington wa|west virginia wv|wisconsin wi|wyoming wy|
puerto rico pr|alberta ab|british columbia bc|manitoba mb|new brunswick nb|newfoundland nl|
newfoundland and labrador nl|nova scotia ns|ontario on|prince edward island pe|quebec qc|
saskatchewan sk|new south wales nsw|victoria vic|queensland qld|south australia sa|
western australia wa|tasmania tas"""
_COUNTRIES = """united states us|united states of america us|usa us|u s a us|u s us|america us|
estados unidos us|eeuu us|canada ca|mexico mx|united kingdom gb|uk gb|great britain gb|england gb|
scotland gb|wales gb|ireland ie|australia au|new zealand nz|germany de|deutschland de|france fr|
spain es|espana es|italy it|portugal pt|brazil br|costa rica cr|colombia co|peru pe|india in|
philippines ph|puerto rico pr|netherlands nl|switzerland ch|austria at|south africa za|nederland nl|
holland nl|brasil br|italia it|belgium be|
belgique be|schweiz ch|suisse ch|osterreich at|sweden se|sverige se|norway no|norge no|denmark dk|
danmark dk|poland pl|polska pl|finland fi|argentina ar|chile cl|ecuador ec|guatemala gt|
dominican republic do|jamaica jm|israel il|japan jp|singapore sg|greece gr|hungary hu|slovakia sk|
slovenia si|croatia hr|romania ro|turkey tr|luxembourg lu|iceland is|czech republic cz|czechia cz|
eire ie|northern ireland gb"""


def _codes(listed: str) -> dict[str, str]:
    pairs = (entry.strip().rpartition(" ") for entry in listed.replace("\n", "").split("|"))
    return {name: code for name, _, code in pairs}


STATES = _codes(_STATES)
COUNTRIES = _codes(_COUNTRIES)
