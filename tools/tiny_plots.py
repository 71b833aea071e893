"""The plots of kt-tiny's stories: beats of sentences with [alternatives] and {slots}."""

OPENINGS = [
    "Once upon a time, there was a {trait} {kind} named {hero}. {he} lived in a [small|quiet|beautiful|big] {home}.",
    "Once upon a time, there was a {trait} {kind} named {hero}. {hero} lived [near|beside] the {place2} and loved {foods}.",
    "Once upon a time, a {trait} {kind} named {hero} lived in a {home} [near|by] the {place2}.",
    "Once upon a time, in a [small|quiet|faraway|green] {home}, there lived a {kind} named {hero}. {he} was very {trait}.",
    "Once there was a {trait} {kind} whose name was {hero}. {he} had a good friend, a {fkind} named {friend}.",
    "Long ago, in a {home} far away, there lived a {trait} {kind} named {hero}.",
    "Long ago, there was a {kind} named {hero}. Everybody in the {home} knew that {he} was {trait}.",
    "There was once a {trait} {kind} named {hero}. {hero} [loved|liked] to play {game} near the {place2}.",
    "One day, a {trait} {kind} named {hero} woke up early in {his} {home}.",
    "In a {home} near the {place2}, there lived a {trait} {kind}. {his} name was {hero}.",
    "{hero} was a {trait} {kind}. {he} lived in a {home} and liked to eat {foods}.",
]

ENDINGS = [
    "From that day on, {hero} and {friend} were [best|good|true] friends.",
    "From that day on, they [met every day|shared everything|always helped each other].",
    "{hero} [smiled|laughed] and went home. {he} was very {feeling}.",
    "That night, {hero} [fell asleep|went to bed|dreamed] with a smile.",
    "And they lived happily ever after.",
    "{hero} never forgot that [day|{time}].",
    "{hero} had learned that [a good friend is a treasure|it is good to share|it is never too late to try|kind words \
can help|small friends can do big things].",
    "After that, {hero} was never [lonely|sad|afraid] again.",
]

PLOTS = {
    "lost": [
        "{hero} had a {color} {thing} that {he} loved very much.",
        "One {weather} {time}, {he} went to the {place} and lost it. {hero} looked under [the bench|a tree|a bush|every \
stone], but the {thing} was not there. {he} began to cry.",
        "Then a {ftrait} {fkind} named {friend} came by. \"[Why are you crying|What is wrong]?\" asked {friend}. \"I lost my \
{thing},\" said {hero}.",
        "\"Do not worry. I will help you,\" said {friend}. They [walked|went|looked] all around the {place}. At last, {friend} \
found the {color} {thing} [in the tall grass|behind a tree|under some leaves|near the water].",
        "\"Thank you, {friend}!\" said {hero}, and {he} gave {fhim} a [big hug|{food}].",
    ],
    "treasure": [
        "One {weather} {time}, {hero} found an old map in a {thing}. It showed a [road|path|way] to the {place}.",
        "{he} asked {his} friend {friend}, a {ftrait} {fkind}, to come along. They [walked|ran|marched] past the {place2} and \
[over a hill|through the trees|along the river].",
        "At the {place}, they [dug|began to dig] in the ground. Soon they found a box full of {color} {valuables}!",
        "\"We are rich!\" said {friend}. But {hero} saw [an old woman|an old man|a poor family] who had nothing to eat.",
        "So they sold the {valuables} and bought [bread|soup|food] for everybody. They kept only one of them to remember the day.",
    ],
    "storm": [
        "One {time}, {hero} was playing near the {place} when the sky became [dark|black|gray]. The wind began to [blow|howl], and \
[rain fell|thunder rolled|lightning flashed].",
        "{hero} was afraid. {he} [hid under a tree|ran as fast as {he} could|looked for a dry place].",
        "\"Come in, come in!\" called a voice. It was {friend}, a {ftrait} {fkind} who lived in a [little house|hollow tree|warm hut].",
        "{friend} gave {hero} a {color} blanket and a cup of [hot tea|warm milk|soup]. They sat by the fire and told [stories|jokes].",
        "In the morning, the storm was over and the sun was shining. \"Thank you for your help,\" said {hero}.",
    ],
    "stuck": [
        "One {weather} {time}, {hero} went for a walk to the {place}. On the way, {he} heard somebody [cry|call] for help.",
        "It was {friend}, a {ftrait} {fkind}. {friend} was [stuck in the mud|caught in a net|stuck between two stones].",
        "\"[Please|Oh please], help me!\" said {friend}. {hero} [pulled and pulled|pulled as hard as {he} could], but {friend} could \
not move.",
        "Then {hero} had an idea. {he} took a long [rope|stick|branch] and pulled again. With a loud pop, {friend} was free!",
        "\"You saved me,\" said {friend}. \"I will never forget it.\" {friend} gave {hero} some {foods} to say thank you.",
    ],
    "baking": [
        "One {weather} {time}, {hero} wanted to make {dish} for {his} friend {friend}, a {ftrait} {fkind}.",
        "{he} went to the market and bought [flour|butter|sugar], eggs and {foods}. Then {he} [washed {his} hands|put on a hat] and \
began to cook.",
        "But {hero} forgot to watch the oven. Soon there was smoke everywhere, and the food was burned! {hero} was very sad.",
        "{friend} came in and said, \"Everybody makes mistakes. Let us try again together.\" So they [mixed|stirred] and baked and sang.",
        "This time, the {dish} was [perfect|delicious|sweet and warm]. They ate it all and drank some [milk|tea|juice].",
    ],
    "building": [
        "{hero} wanted to build a [kite|boat|tree house|bridge|snowman|tower]. {he} drew a plan and looked for [wood|paper|string] \
near the {place}.",
        "But the work was too hard for one. \"May I help you?\" asked {friend}, a {ftrait} {fkind}.",
        "\"Yes, please!\" said {hero}. {friend} held the [rope|nails|boards], and {hero} used the hammer. They worked [all day|until \
the evening|for three days].",
        "At first, it fell down. They laughed and started again. When it was ready, they painted it {color}.",
        "Everybody came to see it. \"What a wonderful thing!\" they said. {hero} and {friend} were very {feeling}.",
    ],
    "race": [
        "One {weather} {time}, there was a [big|great] race from the {place} to the {place2}. {hero} wanted to win the {color} {thing}.",
        "A {ftrait} {fkind} named {friend} wanted to win too. \"I am [faster|quicker] than you,\" said {friend}.",
        "\"Ready, steady, go!\" They ran past the trees and over the bridge. {hero} was first, and {friend} was second.",
        "Suddenly, {friend} fell and hurt {fhis} foot. {hero} stopped and ran back. \"Are you all right?\" {he} asked.",
        "{hero} helped {friend} to walk, and they crossed the line together. Both of them got a prize, and everybody [cheered|clapped].",
    ],
    "seed": [
        "One spring {time}, {hero} found a tiny seed near the {place}. \"I wonder what it will be,\" {he} said.",
        "{he} put the seed into the ground behind {his} {home}. Every day, {he} gave it water and sang [a song|to it].",
        "For a long time, nothing happened. {his} friend {friend}, a {ftrait} {fkind}, said, \"You must [wait|be patient].\"",
        "Then one {weather} {time}, a small green leaf came out of the ground. It grew and grew. It was a {color} {plant}!",
        "It was the most beautiful {plant} in the {home}. {hero} and {friend} danced around it.",
    ],
    "new_friend": [
        "{hero} had just moved to a new {home} and had no friends. Every day, {he} sat alone near the {place}.",
        "One {weather} {time}, {he} saw a {ftrait} {fkind} who was playing with a {color} {thing}. \"Hello, I am {hero},\" said {hero} \
[softly|quietly|in a small voice].",
        "\"Hello! I am {friend},\" said the {fkind}. \"Do you want to play with me?\"",
        "{hero} nodded. They played {game} and {ftrait} games until the sun went down. Then they shared [a|one] {food}.",
        "\"Will you come again tomorrow?\" asked {friend}. \"Yes, I will!\" said {hero}.",
    ],
    "birthday": [
        "It was {hero}'s birthday, but nobody said a word about it. {he} walked to the {place} and felt [sad|alone].",
        "{he} asked the {fkind} {friend}, \"Do you know what day it is?\" \"It is a {weather} day,\" said {friend}, and {fhe} ran away.",
        "In the evening, {hero} came home. The {home} was dark. {he} opened the door [slowly|very slowly].",
        "\"Surprise!\" called all {his} friends. There was {dish}, music and a {color} {thing} in a big box.",
        "\"We did not forget you,\" said {friend}. {hero} laughed and blew out the candles.",
    ],
    "truth": [
        "One {time}, {hero} was playing with a ball in the house. The ball hit a {color} vase, and the vase broke.",
        "{hero} was afraid. {he} put the pieces [under the bed|in a box|behind the door] and said nothing.",
        "When {his} mother saw that the vase was gone, she asked, \"Who did this?\" \"It was {friend}, the {fkind},\" said {hero}.",
        "But then {hero} saw that {friend} was very sad. \"No, it was me,\" said {hero}. \"I am sorry.\"",
        "{his} mother was not angry. \"It is good that you told the truth,\" she said. {friend} [smiled|forgave {him}], and they fixed \
the vase with glue.",
    ],
    "star": [
        "One clear night, {hero} looked at the sky and saw a {color} star fall near the {place}. {he} ran to find it.",
        "The star was [small|warm] and very sad. \"I want to go home,\" it said. \"But I cannot fly.\"",
        "{hero} asked {friend}, a {ftrait} {fkind}, what to do. \"We must climb the highest mountain,\" said {friend}.",
        "They climbed [all night|for many hours]. At the top, {hero} held the star up high. The wind came and carried it back to the sky.",
        "Since then, that star has [shone|twinkled] above {hero}'s {home} every night.",
    ],
    "learning": [
        "{hero} wanted to learn to {skill}, but {he} did not know how. {he} tried and tried near the {place}.",
        "\"I cannot do it,\" {he} said and sat down. A {ftrait} {fkind} named {friend} heard {him}.",
        "\"I can teach you to {skill},\" said {friend}. \"But you must [practice|try] every day.\"",
        "So {hero} practiced [every morning|every evening|day after day]. First it was hard, then it was easy.",
        "One {weather} {time}, {hero} could {skill} better than anybody in the {home}. \"Well done!\" said {friend}.",
    ],
    "picnic": [
        "One {weather} {time}, {hero} packed a basket with {foods}, [bread|cheese|juice] and a {food}. {he} was going to the {place} with {friend}, \
a {ftrait} {fkind}.",
        "They put a {color} blanket on the grass. But when they opened the basket, it was empty!",
        "There was a small hole in the basket, and a line of {foods} lay on the road. [Ants|Birds] were eating them.",
        "At first, {hero} was angry. Then {he} saw how happy they were. \"They were hungry,\" said {friend}.",
        "So the two friends picked some berries from a bush and had the best picnic ever.",
    ],
    "way_home": [
        "One {time}, {hero} followed a {color} butterfly into the woods. {he} went too far and could not find the way home.",
        "It was getting dark. \"Is anybody there?\" called {hero}. Two big eyes [looked at {him}|shone] in the dark.",
        "But it was only {friend}, a {ftrait} {fkind}. \"Are you lost?\" asked {friend}. \"I know every [tree|path] in these woods.\"",
        "{friend} took {hero} by the hand. They went past the {place} and along the {place2}. Soon {hero} saw a light in a window.",
        "It was {his} {home}! {hero}'s mother was very glad, and she gave {friend} a warm {food}.",
    ],
    "greedy": [
        "One {weather} {time}, {hero} found a tree full of {foods} near the {place}. \"They are all mine!\" {he} said.",
        "{friend}, a {ftrait} {fkind}, came and asked, \"May I have one, please?\" \"No,\" said {hero}, and {he} ate [and ate|one after another].",
        "Soon {hero}'s belly hurt. {he} could not walk, and {he} could not run. \"Help me!\" {he} cried.",
        "{friend} brought {him} some warm water and sat with {him} until {he} felt better.",
        "\"I am sorry, {friend},\" said {hero}. \"Let us share the {foods}.\" They tasted much better that way.",
    ],
    "music": [
        "{hero} had an old {instrument}, and {he} played it every {time}. But {he} was too shy to play for others.",
        "One day, a {ftrait} {fkind} named {friend} heard the music from the {place}. \"That is beautiful!\" said {friend}.",
        "\"There is a feast in the {home} on [Sunday|Saturday]. Will you play for us?\" {hero}'s heart beat fast. \"I will try,\" {he} said.",
        "When {hero} stood before all the people, {his} hands [shook|were cold]. Then {he} saw {friend} in the first row and began to play.",
        "The music was so [sweet|lovely] that everybody danced. They [clapped|cheered] for a long time.",
    ],
    "snow": [
        "One cold morning, {hero} looked out of the window. Everything was white with snow! {he} put on {his} {color} coat and ran outside.",
        "{he} made a snowman near the {place} and gave it a {thing} and a carrot for a nose.",
        "A {ftrait} {fkind} named {friend} came by. {friend} was cold and had nothing to wear.",
        "{hero} took off {his} scarf and put it around {friend}. \"Now you will be warm,\" {he} said.",
        "They [threw snowballs|slid down the hill] until noon. Then they went inside and drank [hot chocolate|warm milk].",
    ],
    "market": [
        "One {time}, {hero}'s mother gave {him} three coins. \"Go to the market and buy some {foods},\" she said.",
        "On the way, {he} met {friend}, a {ftrait} {fkind}, who sold a {color} {thing}. \"It is a magic {thing},\" said {friend}.",
        "{hero} thought about it [for a while|for a long time]. Then {he} gave {friend} the three coins and took the {thing} home.",
        "{his} mother was not pleased. But when {hero} touched the {thing}, the table was full of {foods} and bread!",
        "They called all the neighbors and ate together. There was enough for everybody.",
    ],
    "letter": [
        "One {weather} {time}, {hero} found a {color} letter at the door. It said, \"Please come to the {place}. I need you.\"",
        "{hero} did not know who had written it, but {he} went at once. {he} walked past the {place2} and over a bridge.",
        "At the {place}, {he} saw {friend}, a {ftrait} {fkind}. {friend} was [ill|sick] and lay in bed.",
        "{hero} made some hot soup and read a story to {friend}. {he} stayed [all night|for two days].",
        "Soon {friend} felt better. \"A letter from a friend is the best thing in the world,\" said {hero}.",
    ],
    "boat": [
        "{hero} had a small {color} boat. One {weather} {time}, {he} sailed across the lake with {friend}, a {ftrait} {fkind}.",
        "In the middle of the lake, water came into the boat. \"We will sink!\" cried {friend}.",
        "{hero} stayed calm. {he} used a {thing} to close the hole, and {friend} threw the water out with a bucket.",
        "A big fish saw them and pushed the boat with its nose. Slowly, they came to [an island|the land|the shore].",
        "\"Thank you, fish!\" they called. They [ate|picked] some {foods} and waited until their clothes were dry.",
    ],
}
